// Random LaunchDarkly data sets and contexts.
//
// Left out, since the SDK never answers: a cycle of segments that goes through an unbounded one. It forgets there
// which segments it has seen, and evaluates for ever.

import { createHash } from 'node:crypto'

import { backtrackingPattern, ecmascriptPattern } from '../patterns.mjs'
import * as values from '../values.mjs'

const kinds = ['user', 'org', 'device', 'a.b-c_1', 'multi']
// prettier-ignore
const keys = [
  "user-1", "user-2", "user-3", "user-42", "alice", "bob", "ünï", "🙂", "a:b", "33333", " ", "org-1", "org-2",
]
// prettier-ignore
const text = [
  "name", "email", "plan", "country", "a/b", "/x", "~t", "café", "constructor",
]
// prettier-ignore
const attributes = [
  ...text, "key", "age", "nums", "tags", "addr", "date", "ver", "flag", "anonymous", "kind", "secondary",
]
// prettier-ignore
const references = [
  "key", "/key", "name", "/name", "email", "plan", "age", "/age", "/addr/city", "/addr/zip", "/addr", "addr", "/a~1b",
  "a/b", "/~0t", "~t", "/~1x", "/x", "/tags/0", "/tags", "nums", "/nums", "ver", "/ver", "date", "/date", "flag",
  "kind", "/kind", "anonymous", "/anonymous", "/café", "/addr/", "/addr/a.b", "/addr/x~1y",
]
// prettier-ignore
const oddReferences = [
  "", "/", "//", "//name", "a//b", "a~", "/a~", "/a~2", "/a~|", "/a~^", "/a~1", "name/", "/name/", "_meta", "/_meta",
  "/_meta/x", "~", "/~", "/~0", "/~01",
]
const comparisons = ['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']
const semvers = ['semVerEqual', 'semVerLessThan', 'semVerGreaterThan']

export function generate(random, notes) {
  const flagKeys = random.list(14, 18, (i) => `f${i}`).concat(random.pick(['é 🙂', 'a/b~c.d', '1']))
  const segmentKeys = random.list(6, 8, (i) => `s${i}`)
  const g = { random, notes, flagKeys, segmentKeys }

  const segments = {}
  for (const key of segmentKeys) segments[key] = segment(g, key)
  if (random.chance(0.6)) {
    // Two that refer to each other: an error for whoever gets there.
    for (const [key, other] of [
      ['c0', 'c1'],
      ['c1', 'c0'],
    ]) {
      const rules = [{ clauses: [{ op: 'segmentMatch', values: [other] }] }]
      if (random.chance(0.4)) rules.unshift({ clauses: [clause({ ...g, notes: { add() {} } })] })
      segments[key] = { key, version: 1, salt: '', included: some(random, keys), rules }
    }
    segmentKeys.push('c0')
  }
  const flags = {}
  for (const key of flagKeys) {
    notes.begin(key)
    flags[key] = flag(g, key)
  }
  const unsupported = []
  if (random.chance(0.2)) {
    const key = 'needs backtracking'
    const clauses = [{ attribute: 'email', op: 'matches', values: [backtrackingPattern(random)] }]
    flags[key] = { ...plain(g, key), rules: [{ id: 'r', clauses, variation: 0 }] }
    unsupported.push(key)
  }

  const asked = [...Object.keys(flags), 'absent']
  const request = () => {
    const key = random.pick(asked)
    const made = context(random, key, notes)
    const rules = flags[key]?.rules
    if (rules?.length && made && !Array.isArray(made) && random.chance(0.85))
      satisfy(random, made, random.pick(rules).clauses, segments)
    return {
      flag: key,
      context: made,
      default: random.maybe(0.9, () => random.pick(['DEFAULT', false, 7, null, { a: [1] }])),
      type: random.maybe(0.1, () => random.pick(['boolean', 'number', 'string'])),
    }
  }
  return { definitions: { flags, segments }, request, unsupported }
}

const plain = (g, key) => ({
  key,
  version: 1,
  on: true,
  variations: ['v0', 'v1', 'v2'],
  offVariation: 0,
  fallthrough: { variation: 1 },
  salt: 'salt',
})

function flag(g, key) {
  const { random, notes } = g
  if (random.chance(0.02)) {
    notes.add('deleted')
    return { key, version: 3, deleted: true }
  }
  const variations = random.pick([
    ['v0', 'v1', 'v2', 'v3'],
    [true, false],
    [1, 0, -0, 1.5, 1e308],
    [{ a: 1 }, [], null, 'x'],
    [null, ''],
    ['v0', 'v1', 'v2'],
    ['x', 'y', 'x', 'y', 'z'],
    random.chance(0.7) ? ['only'] : [],
  ])
  const count = variations.length
  const salt = random.pick([`salt-${key}`, `salt-${key}`, '', 'sal.t', undefined, null])
  const owner = { ...g, key, salt, count }
  const on = random.chance(0.92) ? true : random.pick([false, undefined, null])
  if (on !== true) notes.add('off')
  const made = {
    key,
    version: random.int(1, 9),
    on,
    variations,
    offVariation: random.pick([
      0,
      0,
      0,
      0,
      count - 1,
      count - 1,
      undefined,
      undefined,
      null,
      random.pick([-1, count, 0]),
    ]),
    fallthrough: random.chance(0.97) ? outcome(owner) : random.pick([null, undefined, {}]),
    salt,
    targets: random.maybe(0.4, () =>
      random.list(0, 2, () => ({ values: some(random, keys), variation: index(owner) })),
    ),
    rules: random.chance(0.9) ? random.list(0, 3, (i) => rule(owner, i)) : random.pick([null, undefined]),
    trackEvents: random.maybe(0.1, () => true),
    clientSide: random.maybe(0.1, () => true),
    debugEventsUntilDate: random.maybe(0.05, () => null),
    samplingRatio: random.maybe(0.05, () => 3),
  }
  if (made.targets?.length) notes.add('targets')
  if (random.chance(0.25)) {
    notes.add('context targets')
    made.contextTargets = random.list(0, 3, () => {
      const kind = random.pick([...kinds, 'user', undefined, null, ''])
      const placeholder = !kind || (kind === 'user' && random.chance(0.7))
      return { contextKind: kind, values: placeholder ? [] : some(random, keys), variation: index(owner) }
    })
  }
  if (random.chance(0.3)) {
    notes.add('prerequisites')
    made.prerequisites = random.list(0, 2, () => ({
      // Mostly flags before this one, so that few chains are cycles.
      key: random.chance(0.05)
        ? 'absent'
        : random.pick(random.chance(0.9) ? g.flagKeys.slice(0, g.flagKeys.indexOf(key) + 1) : g.flagKeys),
      variation: random.int(0, 1),
    }))
  }
  return made
}

/** An index of a variation, seldom one that does not exist. */
function index({ random, count, notes }) {
  if (random.chance(0.99) && count > 0) return random.int(0, count - 1)
  notes.add('index out of range')
  return random.pick([-1, count, 99])
}

function outcome(owner) {
  const { random, notes } = owner
  if (random.chance(0.55)) {
    const made = { variation: index(owner) }
    if (random.chance(0.05)) made.rollout = rollout(owner)
    return made
  }
  if (random.chance(0.02)) {
    notes.add('rollout without entries')
    return { rollout: random.pick([{}, { variations: [] }, { variations: null }]) }
  }
  return { variation: random.maybe(0.05, () => null), rollout: rollout(owner) }
}

function rollout(owner) {
  const { random, notes, key, salt } = owner
  const kind = random.pick([undefined, undefined, 'rollout', 'experiment', null])
  const contextKind = random.pick([undefined, undefined, undefined, 'user', 'org', 'device', '', null])
  const bucketBy = random.maybe(0.35, () => reference(owner, contextKind, attributes, 0.08))
  const seed = random.maybe(0.25, () => random.pick([61, 0, -5, 2147483647, 1e21, 9007199254740993, null]))
  notes.add(`rollout ${kind ?? 'without kind'}`)
  if (bucketBy !== undefined) notes.add('rollout bucketBy')
  if (seed !== undefined) notes.add('rollout seed')
  if (contextKind) notes.add('rollout contextKind')
  const edge = () => Math.floor(bucket(seed, key, salt, random.pick(keys)) * 100000) + random.int(0, 1)
  const weights = random.choose(
    [3, () => split(random, 100000, random.int(1, 4))],
    [
      3,
      () => {
        const at = Math.min(edge(), 100000)
        return [at, 100000 - at]
      },
    ],
    [1, () => split(random, random.pick([1, 50000, 99999]), random.int(1, 3))],
    [1, () => split(random, 150000, 3)],
    [1, () => [0, 0]],
    [1, () => [0, 100000]],
    [1, () => [0, 0, 1, 99999]],
  )
  return {
    kind,
    contextKind,
    bucketBy,
    seed,
    variations: weights.map((weight) => ({
      variation: index(owner),
      weight,
      untracked: random.maybe(0.25, () => random.chance(0.6)),
    })),
  }
}

function bucket(seed, key, salt, value) {
  const prefix = seed ? Number(seed) : `${key}.${salt || ''}`
  const hash = createHash('sha1').update(`${prefix}.${value}`).digest('hex')
  return parseInt(hash.slice(0, 15), 16) / 0xfffffffffffffff
}

/** `total` cut into `parts` whole numbers. */
function split(random, total, parts) {
  const cuts = Array.from({ length: parts - 1 }, () => random.int(0, total)).sort((a, b) => a - b)
  return [...cuts, total].map((cut, i) => cut - (cuts[i - 1] ?? 0))
}

function rule(owner, i) {
  const { random, notes } = owner
  const clauses = random.chance(0.96)
    ? random.list(random.chance(0.05) ? 0 : 1, random.chance(0.65) ? 1 : 3, () => clause(owner))
    : random.pick([undefined, null, []])
  if (!clauses?.length) notes.add('rule without clauses')
  return {
    id: random.pick([`r${i}`, `r${i}`, '', undefined, null]),
    clauses,
    trackEvents: random.maybe(0.1, () => true),
    ...outcome(owner),
  }
}

function some(random, pool) {
  // Beyond a hundred the SDK keeps a set instead of a list.
  if (random.chance(0.03)) return [...random.list(101, 105, (i) => `filler-${i}`), random.pick(pool)]
  return random.list(0, 4, () => random.pick(pool))
}

function reference({ random, notes }, kind, among = attributes, odd = 0.02) {
  if (random.chance(odd)) {
    notes.add('odd reference')
    return random.pick(oddReferences)
  }
  return random.pick(kind ? [...references, ...among] : among)
}

function clause(owner) {
  const { random, notes } = owner
  const contextKind = random.chance(0.6) ? undefined : random.pick([...kinds, 'user', 'user', 'user', 'user', '', null])
  const negate = random.maybe(0.3, () => random.pick([true, true, false, null]))
  if (negate) notes.add('negate')
  if (contextKind) notes.add('clause contextKind')
  const made = random.choose(
    [
      4,
      () => ({ attribute: reference(owner, contextKind), op: 'in', values: random.list(0, 4, () => wanted(random)) }),
    ],
    [
      3,
      () => ({
        attribute: reference(owner, contextKind, [...text, 'key', 'tags']),
        op: random.pick(['startsWith', 'endsWith', 'contains']),
        values: random.list(1, 2, () =>
          random.chance(0.9) ? values.part(random, wantedText(random)) : wanted(random),
        ),
      }),
    ],
    [
      2,
      () => ({
        attribute: reference(owner, contextKind, [...text, 'key', 'tags']),
        op: 'matches',
        values: random.list(1, 2, () => ecmascriptPattern(random)),
      }),
    ],
    [
      3,
      () => ({
        attribute: reference(owner, contextKind, ['age', 'nums', 'age', 'date']),
        op: random.pick(comparisons),
        values: random.list(1, 2, () => (random.chance(0.9) ? random.pick(values.numbers) : wanted(random))),
      }),
    ],
    [
      3,
      () => ({
        attribute: reference(owner, contextKind, ['date', 'date', 'age']),
        op: random.pick(['before', 'after']),
        values: random.list(1, 2, () => date(random)),
      }),
    ],
    [
      3,
      () => ({
        attribute: reference(owner, contextKind, ['ver', 'ver', 'tags']),
        op: random.pick(semvers),
        values: random.list(1, 2, () => (random.chance(0.95) ? random.pick(values.versions) : wanted(random))),
      }),
    ],
    [
      3,
      () => ({
        attribute: random.pick([undefined, null, '', '/', 'key']),
        op: 'segmentMatch',
        values: [
          // Beyond fifty the SDK goes another way through a list.
          ...(random.chance(0.01) ? Array.from({ length: 51 }, (_, i) => `absent-${i}`) : []),
          ...random.list(0, 2, () => (random.chance(0.05) ? 'absent' : random.pick(owner.segmentKeys))),
        ],
      }),
    ],
    [
      0.5,
      () => ({
        attribute: reference(owner, contextKind),
        op: random.pick(['unknownOp', '', undefined, null, 'IN', 'toString', 'constructor']),
        values: random.list(0, 2, () => wanted(random)),
      }),
    ],
  )
  notes.add(`op ${made.op ?? 'absent'}`)
  return { contextKind, negate, ...made }
}

const wantedText = (random) => random.pick(random.chance(0.6) ? keys : values.strings)
const wanted = (random) =>
  random.choose(
    [5, () => wantedText(random)],
    [3, () => random.pick(values.numbers)],
    [1, () => random.chance(0.5)],
    [1, () => random.pick(kinds)],
    [0.5, () => values.any(random)],
  )
const date = (random) =>
  random.choose(
    [6, () => random.pick(values.dates)],
    [3, () => random.pick(values.millis)],
    [0.5, () => wanted(random)],
  )

function segment(g, key) {
  const { random, notes } = g
  const owner = { ...g, notes: { add() {} }, key, salt: '', count: 1 }
  const salt = random.pick([`ss-${key}`, '', undefined, null])
  const unbounded = random.chance(0.15)
  // An unbounded segment refers to no other; see above.
  if (unbounded) owner.segmentKeys = ['absent']
  const targets = () =>
    random.maybe(0.3, () =>
      random.list(0, 2, () => ({ contextKind: random.pick([...kinds, undefined, null]), values: some(random, keys) })),
    )
  return {
    key,
    version: random.int(1, 5),
    deleted: random.maybe(0.02, () => true),
    salt,
    included: random.chance(0.4) ? some(random, keys) : random.pick([[], undefined, null]),
    excluded: random.chance(0.3) ? some(random, keys) : random.pick([[], undefined, null]),
    includedContexts: targets(),
    excludedContexts: targets(),
    unbounded: unbounded || random.pick([undefined, false, null]),
    unboundedContextKind: random.maybe(unbounded ? 0.4 : 0.1, () => random.pick(kinds)),
    generation: random.maybe(unbounded ? 0.6 : 0.1, () => random.int(0, 3)),
    rules: random.maybe(0.75, () =>
      random.list(0, 2, () => {
        const rolloutContextKind = random.maybe(0.3, () => random.pick([...kinds, '', null]))
        const at = Math.floor(bucket(undefined, key, salt, random.pick(keys)) * 100000) + random.int(0, 1)
        return {
          id: 'any',
          clauses: random.chance(0.95) ? random.list(random.chance(0.1) ? 0 : 1, 2, () => clause(owner)) : undefined,
          weight: random.maybe(0.45, () => random.pick([0, 1, 30000, 60000, 100000, at, at, null])),
          bucketBy: random.maybe(0.35, () => reference(owner, rolloutContextKind, attributes, 0.2)),
          rolloutContextKind,
        }
      }),
    ),
  }
}

function one(random) {
  const made = {}
  const put = (name, share, make) => {
    if (random.chance(share)) made[name] = random.chance(0.92) ? make() : values.any(random)
  }
  for (const name of text) put(name, 0.4, () => wantedText(random))
  put('age', 0.6, () => random.pick(values.numbers))
  put('nums', 0.3, () => random.list(0, 3, () => random.pick(values.numbers)))
  put('tags', 0.5, () => random.list(0, 3, () => (random.chance(0.3) ? random.pick(values.versions) : wanted(random))))
  put('addr', 0.5, () => ({ city: wantedText(random), zip: random.pick(values.numbers), ...values.object(random) }))
  put('date', 0.6, () => date(random))
  put('ver', 0.6, () => random.pick(values.versions))
  put('flag', 0.5, () => random.chance(0.5))
  put('anonymous', 0.4, () => random.chance(0.5))
  put('secondary', 0.1, () => 'second')
  put('_meta', 0.1, () => ({ privateAttributes: ['email'] }))
  return made
}

function context(random, flagKey, notes) {
  const key = () => (random.chance(0.9) ? random.pick(keys) : random.pick(values.strings))
  const kind = () => random.pick(kinds.slice(0, 4))
  const [name, make] = random.choose(
    [50, () => ['single user', () => ({ kind: 'user', key: key() || 'k', ...one(random) })]],
    [10, () => ['single other', () => ({ kind: kind(), key: key() || 'k', ...one(random) })]],
    [
      18,
      () => [
        'multi',
        () => {
          const made = { kind: 'multi' }
          for (const each of random.list(1, 3, () => (random.chance(0.6) ? 'user' : random.pick(kinds))))
            made[each] = { key: key() || 'k', ...one(random) }
          return made
        },
      ],
    ],
    [14, () => ['legacy user', () => legacy(random, key)]],
    [4, () => ['invalid', () => invalid(random)]],
  )
  notes.request(flagKey, `context ${name}`)
  return make()
}

function legacy(random, key) {
  const { age, nums, tags, addr, date: when, ver, flag: on, anonymous, ...rest } = one(random)
  const made = {
    kind: random.pick([undefined, undefined, null]),
    key: random.pick([key(), key(), 33333, 0, -0, 1e21, 1.5, true, '']),
    anonymous: random.pick([undefined, anonymous, null, 'yes', 0]),
    custom: random.maybe(0.8, () => ({
      age,
      nums,
      tags,
      addr,
      date: when,
      ver,
      flag: on,
      name: 'of custom',
      key: 'of custom',
      kind: 'of custom',
      ...rest,
    })),
    privateAttributeNames: random.maybe(0.1, () => ['email']),
    unknown: random.maybe(0.1, () => 1),
  }
  for (const name of ['name', 'email', 'country', 'firstName', 'lastName', 'avatar', 'ip']) {
    if (random.chance(0.4)) made[name] = random.chance(0.9) ? wantedText(random) : random.pick([null, 5, false])
  }
  return made
}

const invalid = (random) =>
  structuredClone(
    random.pick([
      null,
      {},
      [],
      false,
      0,
      '',
      { kind: 'user' },
      { kind: 'user', key: '' },
      { kind: 'user', key: 5 },
      { kind: 'user', key: null },
      { kind: 'kind', key: 'a' },
      { kind: '', key: 'a' },
      { kind: 'bad kind', key: 'a' },
      { kind: 'büro', key: 'a' },
      { kind: 5, key: 'a' },
      { kind: 'multi' },
      { kind: 'multi', key: 'a' },
      { kind: 'multi', user: { key: '' } },
      { kind: 'multi', user: { key: 7 } },
      { kind: 'multi', user: null },
      { kind: 'multi', user: [] },
      { kind: 'multi', 'bad kind': { key: 'a' } },
      { kind: 'multi', org: { key: 'a' }, user: { name: 'n' } },
      { key: null },
      { name: 'n' },
      { kind: false, key: 'a' },
    ]),
  )

/** Gives `context` attributes that `clauses` ask for, or nearly so. */
function satisfy(random, context, clauses, segments, depth = 0) {
  for (const clause of clauses ?? []) {
    const wish = clause.values.length > 0 ? random.pick(clause.values) : undefined
    if (clause.op === 'segmentMatch') {
      const segment = segments[wish]
      const rules = segment?.rules
      if (rules?.length && depth < 3 && random.chance(0.85))
        satisfy(random, context, random.pick(rules).clauses, segments, depth + 1)
      else if (segment?.includedContexts?.length && random.chance(0.5)) {
        const target = random.pick(segment.includedContexts)
        if (target.values.length > 0) put(context, target.contextKind ?? 'user', ['key'], target.values.at(-1))
      } else if (segment?.included?.length) put(context, 'user', ['key'], segment.included.at(-1))
      continue
    }
    if (wish === undefined || !clause.attribute || random.chance(0.1)) continue
    const pointer = clause.contextKind && clause.attribute.startsWith('/')
    const path = pointer
      ? clause.attribute
          .slice(1)
          .split('/')
          .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      : [clause.attribute]
    if (path[0] === 'kind') continue
    const value = structuredClone(near(random, clause.op, wish))
    put(context, clause.contextKind || 'user', path, random.chance(0.15) ? [value, random.pick(values.strings)] : value)
  }
}

function near(random, op, wish) {
  if (typeof wish === 'number') return random.pick([wish, wish, wish + 1, wish - 1, wish / 2, String(wish)])
  if (typeof wish !== 'string') return wish
  const more = () => random.pick(['', '', 'x', 'a', '🙂'])
  switch (op) {
    case 'startsWith':
      return wish + more()
    case 'endsWith':
      return more() + wish
    case 'contains':
      return more() + wish + more()
    case 'before':
    case 'after':
      return random.chance(0.3) ? wish : date(random)
    case 'in':
      return wish
    case 'matches':
      return wantedText(random)
    default:
      return random.chance(0.4) ? wish : random.pick(values.versions)
  }
}

function put(context, kind, path, value) {
  let at = context
  if (context.kind === 'multi') at = context[kind]
  else if ((context.kind ?? 'user') !== kind) return
  else if (!('kind' in context) && path[0] !== 'key' && path[0] !== 'name') at = context.custom
  if (
    at === null ||
    typeof at !== 'object' ||
    Array.isArray(at) ||
    (path.length === 1 && path[0] === 'key' && (typeof value !== 'string' || value === ''))
  )
    return
  for (const step of path.slice(0, -1)) {
    if (!Object.hasOwn(at, step) || at[step] === null || typeof at[step] !== 'object' || Array.isArray(at[step]))
      at[step] = {}
    at = at[step]
  }
  at[path.at(-1)] = value
}
