// Random GrowthBook features and attributes.
//
// Left out: names of members that every JavaScript object has ("constructor"), which the SDK finds on what has none.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { backtrackingPattern, ecmascriptPattern } from '../patterns.mjs'
import * as values from '../values.mjs'

const require = createRequire(import.meta.url)
// Not exported: found beside what is.
const { hash } = require(join(dirname(require.resolve('@growthbook/growthbook')), 'util.js'))

// prettier-ignore
const ids = [
  "user-1", "user-2", "user-3", "user-42", "1", "12345", "alice", "ü", "日本", "🙂", "true",
]
// prettier-ignore
const plans = [
  "pro", "free", "beta", "PRO", "", "null", "5",
]
// prettier-ignore
const paths = [
  "id", "plan", "age", "tags", "nums", "company", "company.id", "company.addr.city", "company.absent", "email", "ver",
  "beta", "items", "absent", "tags.0", "tags.length", "nums.1", "email.length", "items.0.name", "plan.x", "é", "",
  ".", "company.",
]
// prettier-ignore
const hashAttributes = [
  "id", "id", "deviceId", "age", "company", "absent", "beta", "company.id",
]
const seedTexts = ['', 'my-test', 'seed', 'é']

export function generate(random, notes) {
  const g = { random, notes, names: [], groups: ['g1', 'g2', 'g3', 'g4', 'g5', 'gv', 'broken', 'future', 'c1', 'c2'] }
  const quiet = { ...g, notes: { add() {} } }
  const savedGroups = {
    g1: random.list(0, 4, () => random.pick([...ids, 5, 1])),
    g2: {
      type: 'list',
      attributeKey: random.pick(['plan', 'id', 'company.id']),
      values: random.list(0, 4, () => random.pick([...plans, ...ids, 5])),
    },
    g3: { type: 'condition', condition: condition(quiet, 2) },
    g4: { type: 'condition', condition: { $and: [{ $savedGroup: { id: 'g2' } }, condition(quiet, 1)] } },
    g5: { type: 'list', values: ['pro', 'user-1'] },
    gv: random.list(0, 3, () => wanted(random)),
    broken: random.pick([
      null,
      'text',
      5,
      { type: 'list', attributeKey: 'plan' },
      { type: 'list', attributeKey: 'plan', values: 'pro' },
      { type: 'condition' },
    ]),
    future: { type: 'of the future', values: ['pro'] },
    c1: { type: 'condition', condition: { $or: [{ $savedGroup: { id: 'c2' } }, { plan: 'pro' }] } },
    c2: { type: 'condition', condition: { $or: [{ $savedGroup: { id: 'c1' } }, { age: { $gt: 17 } }] } },
  }
  const contextualBandits = {
    cb1: {
      banditVersion: 3,
      contexts: random.list(0, 3, (i) => ({
        leafId: i,
        condition: random.chance(0.9) ? condition(quiet, 1) : undefined,
        weights: random.pick([
          [0.1, 0.9],
          [1, 0],
          [0.5, 0.5],
          [0.2, 0.3, 0.5],
        ]),
      })),
    },
    cb2: {},
  }
  const count = random.int(20, 26)
  for (let i = 0; i < count; i++) g.names.push(random.pick([`f${i}`, `f${i}`, `f${i}`, `é 🙂 ${i}`, `f.${i}`]))
  const features = {}
  for (const name of g.names) {
    notes.begin(name)
    features[name] = feature(g, name)
  }
  const unsupported = []
  if (random.chance(0.2)) {
    const name = 'needs backtracking'
    features[name] = {
      defaultValue: false,
      rules: [
        { condition: { email: { [random.pick(['$regex', '$regexi'])]: backtrackingPattern(random) } }, force: true },
      ],
    }
    unsupported.push(name)
  }

  const asked = [...Object.keys(features), 'absent']
  const request = () => {
    const flag = random.pick(asked)
    const made = context(g, flag, features)
    const rules = features[flag]?.rules
    if (rules?.length && made.attributes && random.chance(0.8))
      satisfy(random, made.attributes, random.pick(rules).condition, savedGroups, 0)
    return { flag, context: made }
  }
  return { definitions: { features, savedGroups, contextualBandits }, request, unsupported }
}

function feature(g, name) {
  const { random, notes } = g
  const rules = random.chance(0.95)
    ? random.list(random.chance(0.06) ? 0 : 1, random.chance(0.5) ? 1 : 3, (i) => rule(g, name, i))
    : random.pick([undefined, null])
  if (!rules?.length) notes.add('no rules')
  return { defaultValue: random.chance(0.92) ? value(random) : random.pick([undefined, null]), rules }
}

const value = (random) => random.pick([false, true, 'a', '', 0, -0, 1, 1.5, null, {}, [], { a: 1 }, [false], 'é'])
const hashVersion = (random) => random.pick([undefined, undefined, 1, 2, 2, 0, 3])
const range = (random, edge) => {
  const ends = [random.pick([0, 0.1, edge, edge]), random.pick([edge, 0.5, 1, edge])]
  return random.chance(0.9) ? ends.sort((a, b) => a - b) : ends
}

function rule(g, name, i) {
  const { random, notes } = g
  const made = { id: random.pick([`r${i}`, `r${i}`, undefined, '']) }
  if (random.chance(0.55)) made.condition = condition(g, 2)
  else if (random.chance(0.2)) made.condition = {}
  if (random.chance(0.13)) {
    notes.add('parent conditions')
    made.parentConditions = random.list(1, 2, () => parent(g, name))
    if (made.parentConditions.some(({ gate }) => gate)) notes.add('gate')
  }
  made.seed = random.maybe(0.3, () => random.pick(seedTexts))
  made.hashAttribute = random.maybe(0.35, () => random.pick(hashAttributes))
  made.fallbackAttribute = random.maybe(0.1, () => 'deviceId')
  made.hashVersion = hashVersion(random)
  const id = random.pick(ids)
  if (random.chance(0.12)) {
    notes.add('filters')
    made.filters = random.list(random.chance(0.1) ? 0 : 1, 2, () => {
      const seed = random.pick(seedTexts)
      const version = hashVersion(random)
      return {
        seed,
        hashVersion: version,
        attribute: random.pick([undefined, undefined, 'id', 'deviceId']),
        ranges: random.list(0, 2, () => range(random, hash(seed, id, version || 2) ?? 0.5)),
      }
    })
  }
  if (random.chance(0.5)) {
    notes.add('force rule')
    const edge = hash(made.seed || name, id, made.hashVersion || 1) ?? 0.5
    made.force = value(random)
    made.coverage = random.maybe(0.35, () => random.pick([edge, edge, 0, 1, 0.5, edge - 0.0001, 1.5, -0.5]))
    made.range = random.maybe(0.15, () => range(random, edge))
    if (made.coverage !== undefined) notes.add('coverage of force')
    if (made.range) notes.add('range of force')
    made.variations = random.maybe(0.05, () => ['x', 'y'])
    made.tracks = random.maybe(0.05, () => [])
    return made
  }
  notes.add('experiment rule')
  const key = random.maybe(0.5, () => random.pick([`exp-${name}`, 'my-test', '']))
  const edge = hash(made.seed || key || name, id, made.hashVersion || 1) ?? 0.5
  const many = random.choose([5, () => 2], [3, () => 3], [0.2, () => 1], [0.1, () => 0])
  if (many < 2) notes.add('fewer than two variations')
  made.key = key
  const of = random.chance(0.9) ? 'variations' : random.pick(['contextualVariations', 'neither'])
  if (of !== 'neither') made[of] = random.list(many, many, () => value(random))
  if (of === 'contextualVariations' || random.chance(0.05)) {
    notes.add('contextual bandit')
    made.contextualBanditRef = random.pick(['cb1', 'cb1', 'cb2', 'absent'])
  }
  made.weights = random.maybe(0.5, () =>
    random.pick([
      [edge, 1 - edge],
      [edge, 1 - edge],
      [0.5, 0.5],
      [1, 0],
      [0.3, 0.3, 0.4],
      [0.2, 0.3],
      [0.5, 0.505],
      [0.5, 0.515],
      [0.1, 0.2, 0.7],
      [0.99, 0],
      [],
    ]),
  )
  made.coverage = random.maybe(0.35, () => random.pick([edge, 0, 0.5, 1, 1.5, -0.5, 0.9]))
  if (random.chance(0.12)) {
    notes.add('ranges')
    made.ranges = random.pick([
      [
        [0, edge],
        [edge, 1],
      ],
      [
        [0, 0.1],
        [0.9, 1],
      ],
      [
        [0.5, 1],
        [0, 0.5],
      ],
      [],
      [[0, 1]],
    ])
  }
  if (random.chance(0.15)) {
    notes.add('namespace')
    const at = hash('__ns1', id, 1)
    made.namespace = ['ns1', random.pick([0, at]), random.pick([0.5, 1, at])]
  }
  if (random.chance(0.35)) {
    notes.add('meta')
    // Shorter than the variations is what the SDK throws at.
    made.meta = random.list(many, many, (j) => ({
      key: random.pick([undefined, `v${j}`, '', 'é']),
      name: random.maybe(0.3, () => 'name'),
      passthrough: random.maybe(0.15, () => random.chance(0.8)),
    }))
    if (made.meta.some(({ passthrough }) => passthrough)) notes.add('passthrough')
  }
  made.name = random.maybe(0.1, () => 'name')
  made.phase = random.maybe(0.1, () => '1')
  if (random.chance(0.1))
    Object.assign(made, { bucketVersion: 1, minBucketVersion: 1, disableStickyBucketing: random.chance(0.5) })
  return made
}

function parent(g, name) {
  const { random } = g
  // Mostly features before this one, so that few are cycles.
  const before = g.names.slice(0, g.names.indexOf(name) + 1)
  return {
    id: random.chance(0.07) ? 'absent' : random.pick(random.chance(0.93) ? before : g.names),
    condition: random.pick([
      { value: true },
      { value: false },
      { value: { $exists: true } },
      { value: { $ne: null } },
      { value: 'a' },
      { value: { $in: [true, 'a', 1, 0] } },
      {},
      undefined,
      { $not: { value: false } },
      { value: null },
      { 'value.a': 1 },
      { $savedGroup: { id: 'g2' } },
      { value: { $inGroup: 'g1' } },
      { value: { $gt: 0 } },
    ]),
    gate: random.maybe(0.4, () => random.chance(0.8)),
  }
}

const wanted = (random) =>
  random.choose(
    [4, () => random.pick([...ids, ...plans])],
    [2, () => random.pick(values.strings)],
    [3, () => random.pick(values.numbers)],
    [0.7, () => random.chance(0.5)],
    [0.5, () => null],
  )

function condition(g, depth) {
  const { random, notes } = g
  const made = {}
  for (let i = random.choose([7, () => 1], [2, () => 2], [0.3, () => 0], [0.4, () => 3]); i > 0; i--) {
    const [key, what] = random.choose(
      [
        12,
        () => {
          const path = random.pick(paths)
          return [path, valueCondition(g, depth, path)]
        },
      ],
      [depth > 0 ? 1.5 : 0, () => ['$or', random.list(0, 3, () => condition(g, depth - 1))]],
      [depth > 0 ? 1 : 0, () => ['$and', random.list(0, 3, () => condition(g, depth - 1))]],
      [depth > 0 ? 1 : 0, () => ['$nor', random.list(0, 2, () => condition(g, depth - 1))]],
      [depth > 0 ? 1 : 0, () => ['$not', condition(g, depth - 1)]],
      [1.5, () => ['$savedGroup', savedGroup(g)]],
    )
    if (key.startsWith('$')) notes.add(key)
    made[key] = what
  }
  return made
}

const savedGroup = ({ random, groups }) =>
  random.chance(0.93)
    ? {
        id: random.pick([...groups, 'absent']),
        attributeKey: random.maybe(0.3, () => random.pick(['plan', 'id', 'tags', 'company.id', 5])),
      }
    : random.pick([null, 'g2', [], {}, { id: 5 }, { id: 'g2', attributeKey: null }])

function valueCondition(g, depth, path) {
  const { random, notes } = g
  return random.choose(
    [3, () => (notes.add('equals text'), random.pick([...plans, ...ids, 'a,b', '[object Object]', '1,2', 'true']))],
    [2, () => (notes.add('equals number'), random.pick(values.numbers))],
    [1, () => (notes.add('equals boolean'), random.chance(0.5))],
    [0.7, () => (notes.add('equals null'), null)],
    [0.7, () => (notes.add('equals list'), random.list(0, 2, () => wanted(random)))],
    [
      0.7,
      () => (
        notes.add('equals object'),
        random.pick([
          {},
          { id: 1 },
          { id: 1, name: 'n' },
          { name: 'n', id: 1 },
          { 2: 1, 10: 2, a: 3 },
          { a: 3, 10: 2, 2: 1 },
          { id: 1, $eq: 1 },
          { id: -0 },
          { id: 1e21 },
        ])
      ),
    ],
    [
      12,
      () => {
        const made = {}
        for (let i = random.chance(0.85) ? 1 : 2; i > 0; i--) operator(g, depth, path, made)
        return made
      },
    ],
  )
}

function operator(g, depth, path, made) {
  const { random, notes } = g
  const list = () => (random.chance(0.96) ? random.list(0, 4, () => wanted(random)) : random.pick(['pro', null, 5]))
  const [name, argument] = random.choose(
    [3, () => [random.pick(['$eq', '$ne']), random.chance(0.9) ? wanted(random) : []]],
    [
      4,
      () => [
        random.pick(['$lt', '$lte', '$gt', '$gte']),
        random.chance(0.85) ? wanted(random) : random.pick([[5], [], {}, [1, 2], '2020-01-01']),
      ],
    ],
    [3, () => [random.pick(['$in', '$nin', '$ini', '$nini']), list()]],
    [
      1.5,
      () => [
        random.pick(['$all', '$alli']),
        random.chance(0.96)
          ? random.list(0, 2, () => (random.chance(0.7) ? wanted(random) : valueCondition(g, 0, path)))
          : 'pro',
      ],
    ],
    [1, () => ['$size', random.chance(0.6) ? random.int(0, 3) : valueCondition(g, 0, path)]],
    [1.5, () => ['$elemMatch', random.chance(0.5) ? elementOperators(g) : condition(g, Math.min(depth - 1, 0))]],
    [1.5, () => ['$exists', random.pick([true, false, 1, 0])]],
    [
      1,
      () => ['$type', random.pick(['string', 'number', 'boolean', 'array', 'object', 'null', 'undefined', 'unknown'])],
    ],
    [
      3,
      () => [
        random.pick(['$regex', '$regexi']),
        random.chance(0.98) ? ecmascriptPattern(random) : random.pick([5, null]),
      ],
    ],
    [depth > 0 ? 1 : 0, () => ['$not', valueCondition(g, depth - 1, path)]],
    [
      3,
      () => [
        random.pick(['$veq', '$vne', '$vgt', '$vgte', '$vlt', '$vlte']),
        random.chance(0.9) ? random.pick(values.versions) : random.pick([1, 1.2, 0, null, true, 1e21]),
      ],
    ],
    [1.5, () => [random.pick(['$inGroup', '$notInGroup']), random.pick([...g.groups, 'absent'])]],
    [0.2, () => ['$unknown', 1]],
  )
  notes.add(name)
  made[name] = argument
}

/** An object of operators only; `$elemMatch` decides by that. */
function elementOperators(g) {
  const made = {}
  operator(g, 0, '', made)
  return made
}

function context(g, flag, features) {
  const { random, notes } = g
  const made = { attributes: attributes(random) }
  if (random.chance(0.02)) made.attributes = undefined
  const keyOf = () => features[flag]?.rules?.find(({ variations }) => variations)?.key || flag
  const special = (share, label, make) => {
    if (!random.chance(share)) return
    notes.request(flag, `context ${label}`)
    make()
  }
  special(
    0.05,
    'forced variations',
    () => (made.forcedVariations = { [random.chance(0.9) ? keyOf() : 'other']: random.pick([0, 1, 1, 2, 99, -1]) }),
  )
  special(
    0.04,
    'forced feature values',
    () => (made.forcedFeatureValues = { [random.chance(0.6) ? flag : random.pick(g.names)]: value(random) }),
  )
  special(0.06, 'url', () => {
    const key = keyOf()
    made.url = random.pick([
      `http://example.com/?${key}=1`,
      `http://example.com/?${key}=0&x=1#a=b`,
      `http://example.com/?x=y&${key}=9`,
      `http://example.com/?${key}=-1`,
      `http://example.com/?${key}=1abc`,
      `/?${key}=1#${key}=0`,
      `http://example.com/?${key}=1?${key}=0`,
      `http://example.com/?${key}`,
      `http://example.com/?${key}=1&${key}=0`,
      'http://example.com/',
      '',
      `?${key}=+1`,
      `?${key}= 1`,
      `?${key}=0x1`,
      `?${key}=1e3`,
      `?${encodeURIComponent(key)}=1`,
      `?${key}=1=0`,
    ])
  })
  special(0.02, 'qa mode', () => (made.qaMode = random.chance(0.8)))
  special(0.02, 'not enabled', () => (made.enabled = random.chance(0.2)))
  return made
}

function attributes(random) {
  const made = {}
  const put = (name, share, make) => {
    if (random.chance(share)) made[name] = random.chance(0.92) ? make() : values.any(random)
  }
  put('id', 0.9, () =>
    random.chance(0.5)
      ? random.pick(ids)
      : random.chance(0.7)
        ? `visitor-${random.int(0, 99999)}`
        : random.pick([12345, 1.5, 1e21, -0, 0, true, ['a', 'b']]),
  )
  put('deviceId', 0.5, () => random.pick(ids))
  put('plan', 0.75, () => random.pick(plans))
  put('age', 0.75, () =>
    random.chance(0.8) ? random.pick(values.numbers) : random.pick(['5', ' 5 ', '5px', '', '0x10', [5], [], true]),
  )
  put('email', 0.7, () => random.pick(values.strings))
  put('ver', 0.7, () => (random.chance(0.9) ? random.pick(values.versions) : random.pick([1, 1.2, 0])))
  put('beta', 0.6, () => random.pick([true, false, 'true', 0, 1, '', null]))
  put('tags', 0.7, () => random.list(0, 3, () => wanted(random)))
  put('nums', 0.7, () => random.list(0, 3, () => random.pick(values.numbers)))
  put('company', 0.6, () => ({
    id: random.pick([1, 1, '1', 5, -0, 1e21]),
    ...random.pick([{}, { name: 'n' }, { addr: { city: 'é' } }]),
  }))
  put('items', 0.4, () =>
    random.list(0, 3, () => ({ name: random.pick(plans), plan: random.pick(plans), age: random.pick([1, 17, 18]) })),
  )
  put('é', 0.3, () => random.pick(plans))
  return made
}

/** Gives `attributes` what a condition asks for, or nearly so. */
function satisfy(random, attributes, condition, groups, depth) {
  if (!condition || depth > 3) return
  for (const [key, what] of Object.entries(condition)) {
    if ((key === '$or' || key === '$and') && what.length > 0)
      for (const each of key === '$or' ? [random.pick(what)] : what)
        satisfy(random, attributes, each, groups, depth + 1)
    else if (key === '$savedGroup') {
      const group = groups[what?.id]
      if (group?.condition) satisfy(random, attributes, group.condition, groups, depth + 1)
      else if (group?.attributeKey && Array.isArray(group.values) && group.values.length > 0)
        put(attributes, what.attributeKey ?? group.attributeKey, random.pick(group.values))
    } else if (!key.startsWith('$') && !random.chance(0.1)) {
      const wish = wished(random, what, groups)
      if (wish !== undefined) put(attributes, key, structuredClone(wish))
    }
  }
}

function wished(random, what, groups) {
  if (what === null || typeof what !== 'object' || Array.isArray(what))
    return random.chance(0.8) ? what : random.pick([String(what), [what]])
  const [name, argument] = Object.entries(what)[0] ?? []
  if (!name?.startsWith('$')) return what
  const one = Array.isArray(argument) && argument.length > 0 ? random.pick(argument) : undefined
  switch (name) {
    case '$eq':
    case '$lt':
    case '$lte':
    case '$gt':
    case '$gte':
      return typeof argument === 'number'
        ? random.pick([argument, argument + 1, argument - 1, String(argument)])
        : argument
    case '$in':
    case '$nin':
      return random.chance(0.3) ? [one ?? null, 'z'] : one
    case '$ini':
    case '$nini':
      return typeof one === 'string' ? random.pick([one.toUpperCase(), one.toLowerCase()]) : one
    case '$all':
    case '$alli':
      return Array.isArray(argument) ? argument.filter((each) => each === null || typeof each !== 'object') : undefined
    case '$size':
      return typeof argument === 'number'
        ? Array.from({ length: Math.max(0, Math.min(argument, 4)) }, () => 1)
        : ['a', 'b']
    case '$elemMatch': {
      const [inner] = Object.keys(argument)
      if (inner === undefined) return [1]
      return [
        random.pick([null, 0, '']),
        inner.startsWith('$')
          ? (wished(random, argument, groups) ?? null)
          : { [inner]: wished(random, argument[inner], groups) ?? null },
      ]
    }
    case '$veq':
    case '$vgte':
    case '$vlte':
      return random.chance(0.5) ? argument : random.pick(values.versions)
    case '$vgt':
    case '$vlt':
    case '$vne':
      return random.pick(values.versions)
    case '$inGroup':
    case '$notInGroup': {
      const list = Array.isArray(groups[argument]) ? groups[argument] : groups[argument]?.values
      return Array.isArray(list) && list.length > 0 ? random.pick(list) : undefined
    }
    default:
      return undefined
  }
}

function put(attributes, path, what) {
  if (typeof path !== 'string' || what === undefined) return
  const steps = path.split('.')
  let at = attributes
  for (const step of steps.slice(0, -1)) {
    if (at[step] === null || typeof at[step] !== 'object') at[step] = {}
    at = at[step]
    // A list is left as it is: an index beyond its end would make holes.
    if (Array.isArray(at)) return
  }
  at[steps.at(-1)] = what
}
