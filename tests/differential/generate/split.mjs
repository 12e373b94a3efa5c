// Random Split definitions, keys and attributes.
//
// Left out: cycles. The SDK has no guard against them and runs out of stack, at a depth that differs by machine; so a
// flag or segment refers only to those before it.

import { createRequire } from 'node:module'

import { backtrackingPattern, ecmascriptPattern } from '../patterns.mjs'
import * as values from '../values.mjs'

const { bucket } = createRequire(import.meta.url)('@splitsoftware/splitio-commons/cjs/utils/murmur3/murmur3.js')

// prettier-ignore
const keys = [
  "user-1", "user-2", "user-3", "user-42", "alice", "bob", "Alice", "ünï", "日本語", "🙂", "naïve-ü", "33333", "-0",
  "1e+21", "true",
]
// prettier-ignore
const named = [
  "n", "ts", "tags", "email", "flag", "ver", "plan", "é", "a.b",
]
// prettier-ignore
const treatments = [
  "on", "off", "v1", "", "control", "é",
]
const segmentNames = ['employees', 'beta', 'empty']
// prettier-ignore
const seeds = [
  0, 1, -1, 467569525, -667452163, 2147483647, -2147483648, 12345,
]
// prettier-ignore
const days = [
  1577836800000, 1577836799999, 1577923199999, 1577923200000, 1577836860000, 1577836859999, ...values.millis,
]

export function generate(random, notes) {
  const g = { random, notes, flags: [], segments: [] }
  const members = { employees: some(random, keys), beta: some(random, keys), empty: [] }
  const rbs = random.list(3, 5, (i) => {
    notes.begin(null)
    const made = ruleBasedSegment(g, `rbs${i}`)
    g.segments.push(made.name)
    return made
  })
  const flags = random.list(18, 24, (i) => {
    const name = random.pick([`f${i}`, `f${i}`, `f${i}`, `é 🙂 ${i}`, `f.${i}`])
    notes.begin(name)
    const made = flag(g, name)
    // The SDK throws at partitions that do not add up; what a flag that refers to such a one gives is undefined too.
    if (
      made.conditions.every(({ partitions }) => (partitions?.reduce((sum, { size }) => sum + size, 0) ?? 100) === 100)
    )
      g.flags.push(name)
    return made
  })
  const unsupported = []
  if (random.chance(0.2)) {
    const name = 'needs backtracking'
    const match = { ...matcher(g, 'MATCHES_STRING'), stringMatcherData: backtrackingPattern(random) }
    flags.push({ ...plain(g, name), conditions: [condition(g, [match])] })
    unsupported.push(name)
  }

  const byName = new Map(flags.map((each) => [each.name, each]))
  const asked = [...byName.keys(), 'absent']
  const request = () => {
    const name = random.pick(asked)
    const made = context(random, name, notes)
    const conditions = byName.get(name)?.conditions
    if (conditions?.length && random.chance(0.85))
      satisfy(random, made, random.pick(conditions).matcherGroup.matchers, rbs, members)
    return { flag: random.chance(0.02) ? ` ${name}\n` : random.chance(0.003) ? ' ' : name, context: made }
  }
  const splitChanges = { ff: { d: flags, s: -1, t: 1700000000000 }, rbs: { d: rbs, s: -1, t: 1700000000000 } }
  return { definitions: { splitChanges, segments: members }, request, unsupported }
}

const plain = ({ random }, name) => ({
  name,
  trafficTypeName: 'user',
  status: 'ACTIVE',
  killed: false,
  defaultTreatment: 'off',
  changeNumber: 1700000000000,
  algo: 2,
  seed: random.pick(seeds),
  trafficAllocation: 100,
  trafficAllocationSeed: random.pick(seeds),
})

function flag(g, name) {
  const { random, notes } = g
  const made = plain(g, name)
  if (random.chance(0.03)) made.status = 'ARCHIVED'
  if (random.chance(0.04)) made.killed = true
  if (random.chance(0.1)) made.algo = random.pick([1, undefined, null, 3])
  made.defaultTreatment = random.chance(0.97) ? random.pick(treatments) : random.pick([null, undefined])
  if (made.status !== 'ACTIVE') notes.add('archived')
  if (made.killed) notes.add('killed')
  if (made.algo !== 2) notes.add('algo not 2')
  if (random.chance(0.3)) {
    const edge = bucket(random.pick(keys), made.trafficAllocationSeed)
    made.trafficAllocation = random.pick([0, 1, 50, 99, 100, 101, edge, edge - 1, 33.5, undefined, null])
    notes.add('traffic allocation')
  }
  if (random.chance(0.06)) made.seed = undefined
  if (random.chance(0.06)) made.trafficAllocationSeed = undefined
  made.configurations = random.pick([
    undefined,
    null,
    {},
    { on: '{"color":"blue"}', off: '' },
    { on: '1', off: '2', '': 'empty', v1: 'é', control: 'of control' },
  ])
  made.sets = random.maybe(0.1, () => ['set'])
  if (random.chance(0.2)) {
    notes.add('prerequisites')
    made.prerequisites = random.pick([
      null,
      random.list(0, 2, () => ({ n: earlier(g, g.flags), ts: some(random, treatments) })),
    ])
  }
  const conditions = random.list(random.chance(0.03) ? 0 : 1, random.chance(0.6) ? 2 : 4, () =>
    condition(
      g,
      random.list(1, random.chance(0.7) ? 1 : 3, () => matcher(g)),
      made.seed,
    ),
  )
  if (conditions.length === 0) notes.add('no conditions')
  if (random.chance(0.02) && conditions.length > 0) {
    notes.add('no matchers')
    random.pick(conditions).matcherGroup.matchers = []
  }
  conditions.forEach(
    (each, i) => (each.label = random.chance(0.95) ? `c${i}` : random.pick([undefined, null, '', 'é'])),
  )
  return { ...made, conditions }
}

const earlier = ({ random }, names) => (names.length === 0 || random.chance(0.08) ? 'absent' : random.pick(names))

function condition({ random, notes }, matchers, seed) {
  const conditionType = random.pick(['ROLLOUT', 'ROLLOUT', 'ROLLOUT', 'WHITELIST', undefined, 'OTHER'])
  notes.add(`condition ${conditionType}`)
  return {
    conditionType,
    label: 'c',
    matcherGroup: { combiner: 'AND', matchers },
    partitions: partitions(random, notes, seed),
  }
}

function partitions(random, notes, seed) {
  if (random.chance(0.01)) {
    notes.add('no partitions')
    return random.pick([undefined, null])
  }
  if (random.chance(0.003)) {
    notes.add('partitions do not add up')
    return random.pick([
      [],
      [{ treatment: 'on', size: 99 }],
      [
        { treatment: 'on', size: 60 },
        { treatment: 'off', size: 60 },
      ],
    ])
  }
  const edge = bucket(random.pick(keys), seed)
  const sizes = random.pick([
    [100],
    [50, 50],
    [0, 100],
    [100, 0],
    [edge, 100 - edge],
    [edge - 1, 101 - edge],
    [33, 33, 34],
    [1, 99],
    [0, 0, 100],
    [99, 0, 1],
  ])
  return sizes.map((size, i) => ({ treatment: i === 0 ? 'on' : random.pick(treatments), size }))
}

function ruleBasedSegment(g, name) {
  const { random } = g
  const groups = random.list(0, 2, () => ({
    matcherGroup: { combiner: 'AND', matchers: random.list(1, random.chance(0.8) ? 1 : 2, () => matcher(g)) },
  }))
  const excluded = {
    keys: random.pick([undefined, null, [], some(random, keys), some(random, keys)]),
    segments: random.pick([
      undefined,
      null,
      [],
      random.list(0, 2, () => {
        const type = random.pick(['standard', 'rule-based', 'large', 'unknown'])
        return { type, name: type === 'rule-based' ? earlier(g, g.segments) : random.pick([...segmentNames, 'absent']) }
      }),
    ]),
  }
  return {
    name,
    status: random.chance(0.96) ? 'ACTIVE' : 'ARCHIVED',
    trafficTypeName: 'user',
    changeNumber: 5,
    excluded: random.pick([excluded, excluded, null, undefined]),
    conditions: random.chance(0.95) ? groups : random.pick([null, undefined]),
  }
}

const some = (random, pool) => random.list(0, 4, () => random.pick(pool))
const wantedText = (random) => random.pick(random.chance(0.6) ? keys : values.strings)
const number = (random) => (random.chance(0.7) ? random.pick(values.numbers) : random.pick(values.millis))
const setItem = (random) => random.pick(['a', 'b', 'c', '1', 'true', 'null', '', 'é', '[object Object]', 'a,b'])

// prettier-ignore
const types = [
  ["ALL_KEYS", 3], ["IN_SEGMENT", 2], ["IN_LARGE_SEGMENT", 0.5], ["IN_RULE_BASED_SEGMENT", 2], ["WHITELIST", 3],
  ["EQUAL_TO", 3], ["GREATER_THAN_OR_EQUAL_TO", 2], ["LESS_THAN_OR_EQUAL_TO", 2], ["BETWEEN", 2], ["EQUAL_TO_SET", 2],
  ["CONTAINS_ANY_OF_SET", 2], ["CONTAINS_ALL_OF_SET", 2], ["PART_OF_SET", 2], ["STARTS_WITH", 2], ["ENDS_WITH", 2],
  ["CONTAINS_STRING", 2], ["MATCHES_STRING", 3], ["EQUAL_TO_BOOLEAN", 2], ["IN_SPLIT_TREATMENT", 2],
  ["EQUAL_TO_SEMVER", 2], ["GREATER_THAN_OR_EQUAL_TO_SEMVER", 2], ["LESS_THAN_OR_EQUAL_TO_SEMVER", 2],
  ["BETWEEN_SEMVER", 2], ["IN_LIST_SEMVER", 2], ["UNKNOWN_MATCHER", 0.3],
]

function matcher(g, forced) {
  const { random, notes } = g
  const matcherType = forced ?? random.choose(...types.map(([type, weight]) => [weight, () => type]))
  const needsKey = ['IN_SPLIT_TREATMENT', 'IN_RULE_BASED_SEGMENT'].includes(matcherType)
  const onKey = needsKey || random.chance(['ALL_KEYS', 'IN_SEGMENT', 'WHITELIST'].includes(matcherType) ? 0.6 : 0.12)
  const of = (names) => (onKey ? undefined : random.pick(random.chance(0.9) ? names : named))
  const made = { matcherType, negate: random.chance(0.25) ? true : random.pick([false, false, undefined, null]) }
  const select = (names) => {
    const attribute = of(names)
    made.keySelector =
      attribute === undefined
        ? random.pick([null, undefined, { trafficType: 'user', attribute: null }, { trafficType: 'user' }])
        : { trafficType: 'user', attribute }
  }
  const texts = ['email', 'plan', 'é', 'a.b']
  const whitelist = (make) => {
    // A list that is missing makes the matcher fail, which the SDK turns into no match.
    made.whitelistMatcherData = random.chance(0.97)
      ? { whitelist: random.list(0, 4, make) }
      : random.pick([null, { whitelist: null }])
  }
  notes.add(matcherType)
  if (made.negate) notes.add('negate')
  if (onKey) notes.add('on key')
  switch (matcherType) {
    case 'IN_SEGMENT':
      select(texts)
      made.userDefinedSegmentMatcherData = { segmentName: random.pick([...segmentNames, 'absent']) }
      break
    case 'IN_LARGE_SEGMENT':
      select(texts)
      made.userDefinedLargeSegmentMatcherData = { largeSegmentName: 'big' }
      break
    case 'IN_RULE_BASED_SEGMENT':
      select(texts)
      made.userDefinedSegmentMatcherData = { segmentName: earlier(g, g.segments) }
      break
    case 'WHITELIST':
      select(texts)
      whitelist(() => wantedText(random))
      break
    case 'EQUAL_TO':
    case 'GREATER_THAN_OR_EQUAL_TO':
    case 'LESS_THAN_OR_EQUAL_TO': {
      const dataType = random.pick(['NUMBER', 'NUMBER', 'DATETIME', 'DATETIME', null])
      notes.add(`${matcherType} ${dataType}`)
      select(dataType === 'DATETIME' ? ['ts'] : ['n', 'n', 'ts'])
      made.unaryNumericMatcherData = { dataType, value: dataType === 'DATETIME' ? random.pick(days) : number(random) }
      break
    }
    case 'BETWEEN': {
      const dataType = random.pick(['NUMBER', 'DATETIME', null])
      notes.add(`BETWEEN ${dataType}`)
      select(dataType === 'DATETIME' ? ['ts'] : ['n'])
      const ends = [0, 1].map(() => (dataType === 'DATETIME' ? random.pick(days) : number(random)))
      if (random.chance(0.85)) ends.sort((a, b) => a - b)
      made.betweenMatcherData = { dataType, start: ends[0], end: ends[1] }
      break
    }
    case 'EQUAL_TO_SET':
    case 'CONTAINS_ANY_OF_SET':
    case 'CONTAINS_ALL_OF_SET':
    case 'PART_OF_SET':
      select(['tags'])
      whitelist(() => setItem(random))
      break
    case 'STARTS_WITH':
    case 'ENDS_WITH':
    case 'CONTAINS_STRING':
      select(texts)
      whitelist(() => values.part(random, wantedText(random)))
      break
    case 'MATCHES_STRING':
      select(texts)
      made.stringMatcherData = ecmascriptPattern(random)
      break
    case 'EQUAL_TO_BOOLEAN':
      select(['flag'])
      made.booleanMatcherData = random.chance(0.5)
      break
    case 'IN_SPLIT_TREATMENT':
      select(texts)
      made.dependencyMatcherData = {
        split: earlier(g, g.flags),
        treatments: random.chance(0.95) ? some(random, treatments) : null,
      }
      break
    case 'EQUAL_TO_SEMVER':
    case 'GREATER_THAN_OR_EQUAL_TO_SEMVER':
    case 'LESS_THAN_OR_EQUAL_TO_SEMVER':
      select(['ver'])
      made.stringMatcherData = random.chance(0.98) ? random.pick(values.versions) : null
      break
    case 'BETWEEN_SEMVER':
      select(['ver'])
      made.betweenStringMatcherData = random.chance(0.97)
        ? {
            start: random.pick(['0.0.1', '1.0.0', ...values.versions]),
            end: random.pick(['2.0.0', ...values.versions]),
          }
        : null
      break
    case 'IN_LIST_SEMVER':
      select(['ver'])
      whitelist(() => (random.chance(0.9) ? random.pick(values.versions.slice(0, 16)) : random.pick(values.versions)))
      break
    default:
      select(texts)
  }
  return made
}

// prettier-ignore
const oddKeys = [
  null, "", "  ", "x".repeat(251), true, false, [], ["user-1"], {}, { matchingKey: "alice" }, { bucketingKey: "b" },
  { matchingKey: "", bucketingKey: "b" },
]

function context(random, name, notes) {
  const one = () =>
    random.choose(
      [20, () => random.pick(keys)],
      [3, () => `visitor-${random.int(0, 99999)}`],
      [2, () => random.pick(values.strings)],
      [1, () => random.pick(values.numbers)],
      [0.5, () => ` ${random.pick(keys)}\n`],
      [0.5, () => 'x'.repeat(250)],
    )
  const [label, made] = random.choose(
    [70, () => ['key', { key: one() }]],
    [12, () => ['key object', { key: { matchingKey: one(), bucketingKey: one() } }]],
    [12, () => ['bucketing key beside', { key: one(), bucketingKey: one() }]],
    [5, () => ['odd key', { key: structuredClone(random.pick(oddKeys)) }]],
    [0.7, () => ['no key', {}]],
  )
  notes.request(name, `context ${label}`)
  if (random.chance(0.95)) made.attributes = attributes(random)
  else if (random.chance(0.4)) made.attributes = random.pick([null, [], 'text', 5, true])
  return made
}

function attributes(random) {
  const made = {}
  const put = (name, make) => {
    if (random.chance(0.7)) made[name] = random.chance(0.93) ? make() : values.any(random)
  }
  for (const name of ['email', 'plan', 'é', 'a.b']) put(name, () => wantedText(random))
  put('n', () => (random.chance(0.7) ? number(random) : random.pick(values.strings)))
  put('ts', () => random.pick(days))
  put('tags', () =>
    random.list(0, 4, () => random.choose([8, () => setItem(random)], [1, () => values.any(random, 1)])),
  )
  put('flag', () => random.pick([true, false, 'true', 'FALSE', 'True', 'yes', 1, 0, null]))
  put('ver', () => random.pick(values.versions))
  return made
}

/** Gives `context` what `matchers` ask for, or nearly so. */
function satisfy(random, context, matchers, rbs, members, depth = 0) {
  for (const each of matchers) {
    const wish = wished(random, each, members)
    if (each.matcherType === 'IN_RULE_BASED_SEGMENT' && depth < 3) {
      const segment = rbs.find(({ name }) => name === each.userDefinedSegmentMatcherData.segmentName)
      if (segment?.conditions?.length)
        satisfy(random, context, random.pick(segment.conditions).matcherGroup.matchers, rbs, members, depth + 1)
    }
    if (wish === undefined || random.chance(0.1)) continue
    const attribute = each.keySelector?.attribute
    if (!attribute) {
      if (typeof wish === 'string' && typeof context.key === 'string') context.key = wish
    } else if (context.attributes && typeof context.attributes === 'object' && !Array.isArray(context.attributes)) {
      context.attributes[attribute] = wish
    }
  }
}

function wished(random, each, members) {
  const list = each.whitelistMatcherData?.whitelist
  const item = list?.length ? random.pick(list) : undefined
  const more = () => random.pick(['', '', 'x', '🙂'])
  const around = (value) =>
    random.pick([value, value, value + 1, value - 1, String(value), ` ${value}`, value + 60000, value - 86400000])
  switch (each.matcherType) {
    case 'IN_SEGMENT':
      return members[each.userDefinedSegmentMatcherData.segmentName]?.[0]
    case 'WHITELIST':
    case 'IN_LIST_SEMVER':
      return item
    case 'EQUAL_TO':
    case 'GREATER_THAN_OR_EQUAL_TO':
    case 'LESS_THAN_OR_EQUAL_TO':
      return around(each.unaryNumericMatcherData.value)
    case 'BETWEEN':
      return around(random.pick([each.betweenMatcherData.start, each.betweenMatcherData.end]))
    case 'EQUAL_TO_SET':
    case 'CONTAINS_ALL_OF_SET':
      return list && [...list, ...random.pick([[], [], ['a'], list])]
    case 'CONTAINS_ANY_OF_SET':
      return item === undefined ? undefined : [item, 'z']
    case 'PART_OF_SET':
      return list?.slice(0, random.int(0, list.length))
    case 'STARTS_WITH':
      return item === undefined ? undefined : item + more()
    case 'ENDS_WITH':
      return item === undefined ? undefined : more() + item
    case 'CONTAINS_STRING':
      return item === undefined ? undefined : more() + item + more()
    case 'EQUAL_TO_BOOLEAN':
      return random.pick([each.booleanMatcherData, String(each.booleanMatcherData)])
    case 'EQUAL_TO_SEMVER':
      return random.chance(0.5) ? (each.stringMatcherData ?? undefined) : random.pick(values.versions)
    default:
      return undefined
  }
}
