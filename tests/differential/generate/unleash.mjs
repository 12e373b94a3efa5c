// Random Unleash features and contexts.

import { createRequire } from 'node:module'

import { re2Pattern } from '../patterns.mjs'
import * as values from '../values.mjs'

const { normalizedStrategyValue, normalizedVariantValue } = createRequire(import.meta.url)(
  'unleash-client/lib/strategy/util.js',
)

// prettier-ignore
const ids = [
  "user-1", "user-2", "user-3", "user-42", "123", "999", "alice", "bob", "ünï", "日本", "🙂", "a:b", "0",
]
// prettier-ignore
const names = [
  "userId", "sessionId", "remoteAddress", "environment", "appName", "currentTime", "age", "plan", "email", "version",
  "ip", "tenantId", "é", "absent",
]
// prettier-ignore
const groups = [
  "gr1", "groupX", "flex50", "ü", "", undefined, null,
]
// prettier-ignore
const listed = [
  "IN", "NOT_IN", "STR_STARTS_WITH", "STR_ENDS_WITH", "STR_CONTAINS", "IN_CIDR",
]
const numeric = ['NUM_EQ', 'NUM_GT', 'NUM_GTE', 'NUM_LT', 'NUM_LTE']
const semver = ['SEMVER_EQ', 'SEMVER_GT', 'SEMVER_GTE', 'SEMVER_LT', 'SEMVER_LTE']
// prettier-ignore
const operators = [
  ...listed, ...numeric, ...semver, "DATE_AFTER", "DATE_BEFORE", "REGEX",
]

export function generate(random, notes) {
  const g = { random, notes, names: [] }
  const segments = random.list(2, 4, (i) => ({
    id: i + 1,
    name: `s${i}`,
    constraints: constraints(g, random.int(0, 2)),
  }))
  g.segments = segments
  const count = random.int(18, 24)
  for (let i = 0; i < count; i++) g.names.push(random.pick([`f${i}`, `f${i}`, `f${i}`, `é 🙂 ${i}`, `f/${i}`]))
  const features = g.names.map((name) => {
    notes.begin(name)
    return feature(g, name)
  })
  const byName = new Map(features.map((each) => [each.name, each]))
  const asked = [...g.names, 'absent']
  const request = () => {
    const flag = random.pick(asked)
    const made = context(random, flag, notes)
    const strategies = byName.get(flag)?.strategies
    if (strategies?.length && random.chance(0.75)) satisfy(random, made, random.pick(strategies), segments)
    return { flag, context: made, now: random.pick(values.moments) }
  }
  return { definitions: { version: 2, features, segments }, request, unsupported: [] }
}

function feature(g, name) {
  const { random, notes } = g
  const made = {
    name,
    type: 'release',
    project: 'default',
    enabled: random.chance(0.93),
    stale: random.chance(0.1),
    impressionData: random.chance(0.1),
    strategies: random.list(random.chance(0.05) ? 0 : 1, random.chance(0.6) ? 1 : 3, () => strategy(g, name)),
    variants: random.chance(0.35) ? variants(g, name, true) : random.pick([[], [], undefined, null]),
  }
  if (!made.enabled) notes.add('not enabled')
  if (made.strategies.length === 0) notes.add('no strategies')
  if (made.variants?.length) notes.add('feature variants')
  if (random.chance(0.01)) {
    notes.add('strategies are no list')
    made.strategies = random.pick([null, undefined])
  }
  if (random.chance(0.18)) {
    notes.add('dependencies')
    made.dependencies = random.list(0, 2, () => {
      const parent = random.chance(0.08) ? 'absent' : random.pick(g.names)
      return {
        feature: parent,
        enabled: random.pick([undefined, undefined, true, false]),
        variants: random.pick([undefined, undefined, [], ['v0', 'v1'], ['v0'], ['disabled'], ['absent']]),
      }
    })
  }
  return made
}

// prettier-ignore
const percentages = [
  "0", "1", "50", "99", "100", "100", "50.5", "0.5", "101", "-1", "abc", "", " 50 ", "1e2", "0x32", "50%",
]

function strategy(g, feature) {
  const { random, notes } = g
  const groupId = random.chance(0.5) ? feature : random.pick(groups)
  const group = groupId || ''
  const id = random.pick(ids)
  const edge = normalizedStrategyValue(id, group)
  const percentage = () =>
    random.chance(0.5) ? String(random.pick([edge, edge, edge - 1, edge + 1])) : random.pick(percentages)
  const stickiness = () =>
    random.pick([
      'default',
      'default',
      'userId',
      'sessionId',
      'tenantId',
      'remoteAddress',
      'absent',
      '',
      undefined,
      random.chance(0.3) ? 'random' : 'é',
    ])
  const [name, parameters] = random.choose(
    [10, () => ['default', random.pick([{}, {}, undefined, null])]],
    [
      3,
      () => [
        'userWithId',
        {
          userIds: random.pick([
            undefined,
            '',
            random.list(0, 4, () => random.pick(ids)).join(random.pick([',', ', ', ' ,\t'])),
            ` ${random.pick(ids)} , x`,
          ]),
        },
      ],
    ],
    [2, () => ['gradualRolloutUserId', { percentage: percentage(), groupId }]],
    [2, () => ['gradualRolloutSessionId', { percentage: percentage(), groupId }]],
    [0.7, () => ['gradualRolloutRandom', { percentage: random.pick(['0', '100', '100', 'abc', '50']) }]],
    [8, () => ['flexibleRollout', { rollout: percentage(), stickiness: stickiness(), groupId }]],
    [
      3,
      () => [
        'remoteAddress',
        {
          IPs: random.pick([
            undefined,
            '',
            random.list(1, 4, () => random.pick(values.addresses)).join(random.pick([',', ', '])),
          ]),
        },
      ],
    ],
    [0.7, () => ['applicationHostname', { hostNames: random.pick(['web1,web2', '', undefined]) }]],
    [0.7, () => ['custom', { any: 'thing' }]],
  )
  notes.add(`strategy ${name}`)
  const made = { name, parameters, sortOrder: random.maybe(0.3, () => random.int(0, 9)) }
  made.constraints = random.chance(0.7)
    ? constraints(g, random.chance(0.8) ? 1 : 3)
    : random.pick([[], undefined, null])
  if (random.chance(0.2)) {
    notes.add('strategy segments')
    made.segments = random.list(0, 2, () => (random.chance(0.08) ? 99 : random.pick(g.segments).id))
  }
  // A strategy with variants has parameters: the SDK reads them without looking.
  if (parameters && random.chance(0.3)) {
    notes.add('strategy variants')
    made.variants = variants(g, groupId === undefined ? 'undefined' : groupId === null ? 'null' : groupId, false)
  }
  return made
}

function variants({ random, notes }, group, ofFeature) {
  const stickiness = random.pick([
    undefined,
    undefined,
    'default',
    'default',
    'userId',
    'sessionId',
    'tenantId',
    'remoteAddress',
    'é',
    null,
    random.chance(0.3) ? 'random' : 'userId',
  ])
  const total = random.pick([1000, 1000, 1000, 100, 7, 1, 3])
  const edge = normalizedVariantValue(random.pick(ids), group, total)
  const weights = random.pick([
    [total],
    [edge, total - edge],
    [edge - 1, total - edge + 1],
    [0, total],
    [total, 0, 0],
    [333, 333, 334],
    [1, 2, 4],
    [500, 500],
    [0, 0],
    [0],
  ])
  if (weights.every((weight) => weight === 0)) notes.add('weights of 0')
  return weights.map((weight, i) => {
    const made = {
      name: `v${i}`,
      weight,
      weightType: 'variable',
      stickiness: i === 0 ? stickiness : random.pick([stickiness, 'userId']),
    }
    made.payload = random.maybe(0.4, () =>
      random.pick([
        { type: 'string', value: 'é' },
        { type: 'json', value: '{"a":1}' },
        { type: 'number', value: '1.50' },
        { type: 'csv', value: 'a,b' },
        { type: 'string', value: '' },
        null,
      ]),
    )
    if (ofFeature && random.chance(0.3)) {
      notes.add('overrides')
      made.overrides = random.list(0, 2, () => ({
        contextName: random.pick(names),
        values: random.list(0, 3, () => random.pick([...ids, 'pro', 'free', '5', 'true'])),
      }))
    }
    return made
  })
}

const constraints = (g, most) => g.random.list(0, most, () => constraint(g))
const wantedText = (random) => random.pick(random.chance(0.6) ? ids : values.strings)
const numberText = (random) =>
  random.chance(0.6)
    ? String(random.pick(values.numbers))
    : random.pick([
        '',
        ' ',
        ' 5 ',
        '1e2',
        '0x10',
        '0b11',
        '0o17',
        '-0',
        '+5',
        '1_000',
        '5px',
        'Infinity',
        '-Infinity',
        'NaN',
        '.5',
        '5.',
        '1,5',
        '１',
        '\u00a05',
        '1e400',
        '--1',
        '0x',
        '1e',
      ])

// Classes of Unicode are not taken over: such a flag is reported, and fails where its pattern is asked about.
function supported(random) {
  for (;;) {
    const pattern = re2Pattern(random);
    if (!/\\p/i.test(pattern)) return pattern;
  }
}

function constraint({ random, notes }) {
  const operator = random.chance(0.98) ? random.pick(operators) : random.pick(['UNKNOWN', '', undefined, 'in'])
  const pool = numeric.includes(operator)
    ? ['age', 'age', 'age', 'plan', 'absent', 'userId']
    : semver.includes(operator)
      ? ['version', 'version', 'version', 'plan']
      : operator === 'IN_CIDR'
        ? ['ip', 'remoteAddress', 'plan']
        : operator === 'REGEX'
          ? ['email', 'plan', 'userId', 'absent', 'é']
          : ['userId', 'sessionId', 'plan', 'email', 'environment', 'appName', 'age', 'é', 'tenantId', 'absent']
  const made = {
    contextName: random.chance(0.95) ? random.pick(pool) : random.pick(names),
    operator,
    values: [],
    inverted: random.chance(0.25) ? true : random.pick([false, undefined]),
    caseInsensitive: random.chance(0.25) ? true : random.pick([false, undefined]),
  }
  notes.add(`operator ${operator ?? 'absent'}`)
  if (made.inverted) notes.add('inverted')
  if (made.caseInsensitive && /STR_|REGEX/.test(operator)) notes.add('case insensitive')
  if (operator === 'IN_CIDR') made.values = random.list(0, 3, () => random.pick(values.addresses))
  else if (listed.includes(operator)) {
    made.values = random.list(0, 4, () => {
      const text = operator.startsWith('STR_') ? values.part(random, wantedText(random)) : wantedText(random)
      return random.chance(0.9) ? text : ` ${text} `
    })
  } else if (numeric.includes(operator)) made.value = numberText(random)
  else if (semver.includes(operator)) made.value = random.pick(values.versions)
  else if (operator === 'REGEX') made.value = supported(random)
  else if (operator?.startsWith('DATE_'))
    made.value = random.chance(0.97)
      ? random.pick([...values.moments, ...values.dates])
      : random.pick([undefined, null])
  return made
}

function context(random, flag, notes) {
  const made = {}
  const put = (on, name, share, make) => {
    if (!random.chance(share)) return
    const kind = random.next()
    on[name] =
      kind < 0.92
        ? make()
        : kind < 0.96
          ? random.pick([null, '', ' '])
          : random.pick([5, 0, -0, 1.5, 1e21, true, false, ['a', 'b'], [], { a: 1 }])
  }
  put(made, 'userId', 0.8, () => random.pick(ids))
  put(made, 'sessionId', 0.6, () => random.pick(ids))
  // The SDK takes an address for a text without looking.
  if (random.chance(0.5)) made.remoteAddress = random.chance(0.95) ? random.pick(values.addresses) : null
  put(made, 'environment', 0.4, () => random.pick(['production', 'dev', 'pro']))
  put(made, 'appName', 0.4, () => random.pick(['web', 'app', 'alice']))
  if (random.chance(0.6))
    made.currentTime = random.chance(0.6) ? random.pick(values.moments) : random.pick([...values.dates, null])
  if (random.chance(0.1)) made.tenantId = random.pick(ids)
  // The group of a flexible rollout that names none.
  if (random.chance(0.1)) made.featureToggle = random.pick(groups)
  if (random.chance(0.9)) {
    const properties = {}
    put(properties, 'age', 0.7, () => numberText(random))
    put(properties, 'plan', 0.7, () => random.pick([...ids, 'pro', 'free', 'beta']))
    put(properties, 'email', 0.7, () => wantedText(random))
    put(properties, 'version', 0.7, () => random.pick(values.versions))
    put(properties, 'ip', 0.6, () => random.pick(values.addresses))
    put(properties, 'tenantId', 0.6, () => random.pick(ids))
    put(properties, 'é', 0.5, () => wantedText(random))
    put(properties, 'userId', 0.1, () => random.pick(ids))
    made.properties = properties
  } else made.properties = random.pick([undefined, null])
  notes.request(flag, `context ${made.currentTime ? 'with' : 'without'} time`)
  return made
}

/** Gives `context` what a strategy asks for, or nearly so. */
function satisfy(random, context, { parameters, constraints, segments }, all) {
  const listedIds = parameters?.userIds?.split(',')
  if (listedIds && random.chance(0.7)) context.userId = random.pick(listedIds).trim()
  const ranges = parameters?.IPs?.split(',')
  if (ranges && random.chance(0.6)) context.remoteAddress = random.pick(ranges).trim().split('/')[0]
  const asked = [...(constraints ?? [])]
  for (const id of segments ?? []) asked.push(...(all.find((each) => each.id === id)?.constraints ?? []))
  for (const { contextName, operator, values: list, value } of asked) {
    if (random.chance(0.1) || contextName === 'currentTime') continue
    const item = list.length > 0 ? random.pick(list).trim() : undefined
    const more = () => random.pick(['', '', 'x', '🙂'])
    let wish
    if (operator === 'IN' || operator === 'NOT_IN') wish = item
    else if (operator === 'STR_STARTS_WITH') wish = item === undefined ? item : item + more()
    else if (operator === 'STR_ENDS_WITH') wish = item === undefined ? item : more() + item
    else if (operator === 'STR_CONTAINS') wish = item === undefined ? item : more() + item + more()
    else if (operator === 'IN_CIDR') wish = item?.split('/')[0]
    else if (numeric.includes(operator)) wish = random.chance(0.5) ? value : numberText(random)
    else if (semver.includes(operator)) wish = random.chance(0.5) ? value : random.pick(values.versions)
    if (wish === undefined) continue
    if (random.chance(0.3) && /STR_/.test(operator)) wish = wish.toUpperCase()
    if (['userId', 'sessionId', 'remoteAddress', 'environment', 'appName'].includes(contextName))
      context[contextName] = wish
    else if (context.properties) context.properties[contextName] = wish
  }
}
