// Random flagd flags, JsonLogic rules and contexts.
//
// Left out: what makes flagd-core refuse the whole document, evaluators that refer to evaluators (their order decides),
// operators that only flagd-core's engine knows, and `$` before a character of its own in an evaluator, since flagd-core
// inserts evaluators with a text replacement that reads `$&`.

import * as values from '../values.mjs'

// prettier-ignore
const keys = [
  "user-1", "user-2", "user-3", "user-42", "u3", "jon@company.com", "bucketKeyB", "alice", "", "ü-5",
]
// prettier-ignore
const names = [
  "email", "plan", "n", "age", "version", "tags", "nums", "user.name", "user.age", "user", "flag", "items", "absent",
  "user.absent", "tags.0", "nums.1", "tags.9", "targetingKey", "$flagd.flagKey", "$flagd.timestamp", "$flagd",
  "a\\.b", "é", "email.length", "tags.length", "items.0.name", "nothing",
]
// prettier-ignore
const numberNames = [
  "n", "n", "age", "user.age", "nums.0", "$flagd.timestamp",
]
// prettier-ignore
const textNames = [
  "email", "email", "plan", "user.name", "targetingKey", "tags.0", "$flagd.flagKey",
]
const listNames = ['tags', 'nums', 'items', 'absent']
// prettier-ignore
const texts = [
  "alice", "bob", "pro", "free", "beta", "jon@company.com", "@company.com", "jon", "a", "", "10", "9", "abc", "é",
  "🙂", "true", "1.2.3", "on", "off",
]
// prettier-ignore
const small = [
  0, 1, 2, 3, 5, 10, 10.5, 17, 18, -1, 100, -0, 0.1, 1e21,
]

export function generate(random, notes) {
  const g = { random, notes }
  const evaluators = random.maybe(0.6, () => ({
    isPro: { '==': [{ var: 'plan' }, 'pro'] },
    isBeta: { in: ['beta', { var: 'tags' }] },
    some: condition({ ...g, inEvaluator: true, notes: { add() {} } }, 2),
    constant: random.pick(texts),
  }))
  g.evaluators = evaluators ? Object.keys(evaluators) : []
  const flags = {}
  for (let i = random.int(20, 26); i > 0; i--) {
    const key = random.pick([`f${i}`, `f${i}`, `f${i}`, `fr_50_${i}`, `headerColor${i}`, `é 🙂 ${i}`])
    notes.begin(key)
    flags[key] = flag(g)
  }
  const asked = [...Object.keys(flags), 'absent']
  const request = () => {
    const key = random.pick(asked)
    const value = Object.values(flags[key]?.variants ?? { on: true })[0]
    const type = random.chance(0.95) ? typeof value : random.pick(['boolean', 'string', 'number', 'object'])
    const fallback = { boolean: [false, true], string: ['code', ''], number: [-7, 0], object: [{ code: 1 }, {}] }[type]
    return {
      flag: key,
      type,
      default: random.pick(fallback),
      context: context(random, key, notes),
      now: random.pick(values.moments),
    }
  }
  return {
    definitions: { flags, $evaluators: evaluators, metadata: random.maybe(0.3, () => ({ set: 's', version: 1 })) },
    request,
    unsupported: [],
  }
}

function flag(g) {
  const { random, notes } = g
  const variants = random.pick([
    { on: true, off: false },
    { on: true, off: false, true: true, false: false },
    { on: 'yes', off: 'no', 1: 'one', beta: 'b', '': 'empty', null: 'n', 'a,b': 'list' },
    { on: 1, off: 0, 1: 1.5, 2: -0, 10.5: 1e21 },
    { on: { a: [1, null] }, off: {}, list: [1, 2] },
    { '🙂': 'smile', é: 'accent', on: 'x', off: '' },
  ])
  const made = {
    state: random.chance(0.95) ? 'ENABLED' : 'DISABLED',
    variants,
    defaultVariant: random.chance(0.85) ? random.pick(Object.keys(variants)) : random.pick([null, undefined, '']),
    targeting: random.chance(0.93)
      ? rule(() => targeting(g, Object.keys(variants)))
      : random.pick([undefined, null, {}]),
    metadata: random.maybe(0.2, () => ({ owner: 'team', n: 1, on: true })),
  }
  if (made.state === 'DISABLED') notes.add('disabled')
  if (!made.targeting || Object.keys(made.targeting).length === 0) notes.add('no targeting')
  return made
}

/** What `make` gives once it is an object: a rule that is a value is none. */
function rule(make) {
  for (;;) {
    const made = make()
    if (made !== null && typeof made === 'object' && !Array.isArray(made)) return made
  }
}

function targeting(g, variants) {
  const { random, notes } = g
  g = { ...g, variants }
  if (random.chance(0.02)) {
    notes.add('does not compile')
    return random.pick([
      { unknown_op: [1] },
      { if: [true, { nope: 1 }, 'on'] },
      { if: [true, 'on', { var: 'a', cat: [] }] },
      { $ref: 'absent' },
      { and: [{ '==': [1, 1], '!=': [1, 2] }, 'on'] },
      { if: [{ in: ['a', { $ref: 'absent' }] }, 'on', 'off'] },
    ])
  }
  const variant = () =>
    random.choose(
      [8, () => random.pick(variants)],
      [0.5, () => random.pick([null, true, false, 1, 2, 10.5, 'absent', '', -0, 1e21, ['a', 'b'], []])],
      [0.7, () => any(g, 2)],
      [1.5, () => fractional(g)],
    )
  return random.choose(
    [10, () => ({ if: [condition(g, 3), variant(), variant()] })],
    [3, () => ({ if: random.list(0, 6, (i) => (i % 2 === 0 ? condition(g, 2) : variant())) })],
    [1, () => ({ '?:': [condition(g, 2), variant(), variant()] })],
    [4, () => fractional(g)],
    [2, () => ({ [random.pick(['and', 'or'])]: random.list(1, 3, (i) => (i === 0 ? condition(g, 2) : variant())) })],
    [2, () => condition(g, 3)],
    [2, () => any(g, 3)],
    [1, () => ({ if: [condition(g, 2), variant()] })],
  )
}

/** What an operator takes: a list, or now and then its only item bare. */
const args = (random, list) => (list.length === 1 && random.chance(0.4) && !Array.isArray(list[0]) ? list[0] : list)

function op({ notes }, name, argument) {
  notes.add(`op ${name}`)
  return { [name]: argument }
}

function variable(g, pool = names) {
  const { random } = g
  const path = random.chance(0.97)
    ? random.pick(g.scope && random.chance(0.7) ? g.scope : pool)
    : random.pick(['', null, 0, 1, [], 'a..b', '.', 'user.'])
  const fallback = random.chance(0.12) ? [random.pick([random.pick(texts), random.pick(small), null])] : []
  return op(
    g,
    'var',
    fallback.length > 0 ? [path, ...fallback] : random.chance(0.15) && !Array.isArray(path) ? [path] : path,
  )
}

const number = (g, depth) => {
  const { random } = g
  return random.choose(
    [4, () => random.pick(random.chance(0.8) ? small : values.numbers)],
    [4, () => variable(g, numberNames)],
    [depth > 0 ? 2 : 0, () => arithmetic(g, depth - 1)],
    [0.2, () => any(g, depth - 1)],
  )
}

const text = (g, depth) => {
  const { random } = g
  return random.choose(
    [
      4,
      () =>
        random.pick(
          random.chance(0.8) ? texts : values.strings.filter((each) => !(g.inEvaluator && each.includes('$'))),
        ),
    ],
    [5, () => variable(g, textNames)],
    [
      depth > 0 ? 1 : 0,
      () =>
        op(
          g,
          'cat',
          args(
            random,
            random.list(1, 3, () =>
              random.choose(
                [4, () => text(g, depth - 1)],
                [1, () => number(g, depth - 1)],
                [0.5, () => any(g, depth - 1)],
              ),
            ),
          ),
        ),
    ],
    [
      depth > 0 ? 1 : 0,
      () =>
        op(g, 'substr', [
          text(g, depth - 1),
          random.pick([0, 1, 2, -1, -3, 100, -100]),
          ...random.pick([[], [1], [2], [-1], [100], [0]]),
        ]),
    ],
    [0.2, () => any(g, depth - 1)],
  )
}

const list = (g, depth) => {
  const { random } = g
  return random.choose(
    [4, () => variable(g, listNames)],
    [
      3,
      () =>
        random.list(0, 4, () =>
          random.choose([3, () => random.pick(texts)], [3, () => random.pick(small)], [0.5, () => any(g, depth - 1)]),
        ),
    ],
    [depth > 0 ? 1.5 : 0, () => over(g, random.pick(['map', 'filter']), depth - 1)],
    [
      depth > 0 ? 1 : 0,
      () =>
        op(
          g,
          'merge',
          random.list(0, 3, () => (random.chance(0.7) ? list(g, depth - 1) : any(g, depth - 1))),
        ),
    ],
    [depth > 0 ? 0.7 : 0, () => missing(g)],
    [0.1, () => any(g, depth - 1)],
  )
}

function missing(g) {
  const { random } = g
  const wanted = random.list(0, 3, () =>
    random.pick(['email', 'plan', 'absent', 'user.name', 'user.absent', 'nothing', 'tags.0']),
  )
  return random.chance(0.6) ? op(g, 'missing', args(random, wanted)) : op(g, 'missing_some', [random.int(0, 3), wanted])
}

function over(g, name, depth) {
  const { random } = g
  const inside = {
    ...g,
    scope: name === 'reduce' ? ['current', 'accumulator', 'current.age'] : ['', '', 'name', 'age'],
  }
  const first = list(g, depth)
  if (name === 'reduce') {
    const step = random.pick([
      { '+': [{ var: 'current' }, { var: 'accumulator' }] },
      { cat: [{ var: 'accumulator' }, { var: 'current' }] },
      { max: [{ var: 'current' }, { var: 'accumulator' }] },
      { if: [{ '>': [{ var: 'current' }, 1] }, { var: 'current' }, { var: 'accumulator' }] },
      any(inside, depth),
    ])
    return op(g, name, [first, step, ...random.pick([[0], [''], [null], [], [10]])])
  }
  return op(g, name, [first, name === 'map' ? any(inside, depth) : condition(inside, depth)])
}

function arithmetic(g, depth) {
  const { random } = g
  const name = random.pick(['+', '-', '*', '/', '%', 'max', 'min', '+', '-'])
  const most = name === '%' || name === '-' || name === '/' ? 2 : 3
  const items = random.list(random.chance(0.1) ? 1 : 2, random.chance(0.15) ? 3 : most, () => number(g, depth))
  if (random.chance(0.03)) items.push(any(g, 0))
  return random.chance(0.02) ? op(g, name, []) : op(g, name, args(random, items))
}

function condition(g, depth) {
  const { random } = g
  const deeper = depth - 1
  return random.choose(
    [
      4,
      () => {
        const name = random.pick(['<', '<=', '>', '>='])
        const between = random.chance(0.15)
        return op(
          g,
          name,
          random.list(between ? 3 : 2, between ? 3 : 2, () => number(g, deeper)),
        )
      },
    ],
    [3, () => op(g, random.pick(['==', '!=', '===', '!==']), [text(g, deeper), text(g, deeper)])],
    [3, () => op(g, random.pick(['==', '!=', '===', '!==']), [number(g, deeper), number(g, deeper)])],
    [
      1,
      () =>
        op(
          g,
          random.pick(['==', '!=', '===', '!==', '<', '>=']),
          random.list(random.chance(0.05) ? 1 : 2, random.chance(0.1) ? 3 : 2, () => any(g, deeper)),
        ),
    ],
    [1, () => op(g, random.pick(['<', '<=', '>', '>=']), [text(g, deeper), text(g, deeper)])],
    [2, () => op(g, 'in', [text(g, deeper), random.chance(0.5) ? text(g, deeper) : list(g, deeper)])],
    [0.5, () => op(g, 'in', [any(g, deeper), any(g, deeper)])],
    [
      depth > 0 ? 2 : 0,
      () =>
        op(
          g,
          random.pick(['and', 'or']),
          random.list(random.chance(0.05) ? 0 : 1, 3, () => condition(g, deeper)),
        ),
    ],
    [
      depth > 0 ? 1 : 0,
      () => op(g, random.pick(['!', '!!']), args(random, [random.chance(0.7) ? condition(g, deeper) : any(g, deeper)])),
    ],
    [depth > 0 ? 2 : 0, () => over(g, random.pick(['all', 'some', 'none', 'all', 'some', 'none', 'reduce']), deeper)],
    [
      2,
      () =>
        op(
          g,
          random.pick(['starts_with', 'ends_with']),
          random.chance(0.93)
            ? [text(g, deeper), text(g, deeper)]
            : random.pick([[], ['a'], 'a', ['a', 'a', 'a'], [1, '1'], [null, 'a']]),
        ),
    ],
    [2, () => op(g, 'sem_ver', semver(g))],
    [g.evaluators?.length ? 1 : 0, () => op(g, '$ref', random.pick(g.evaluators))],
    [0.5, () => missing(g)],
    [0.7, () => variable(g)],
    [0.3, () => any(g, deeper)],
  )
}

function semver({ random, ...g }) {
  const version = () =>
    random.choose(
      [3, () => random.pick(values.versions)],
      [3, () => variable({ random, ...g }, ['version'])],
      [0.4, () => random.pick([1, 1.2, 2, null, true, -0, 1e21, '1', [1]])],
    )
  const operator = random.chance(0.96)
    ? random.pick(['=', '!=', '<', '<=', '>', '>=', '^', '~'])
    : random.pick(['==', '', null, '≥', 1])
  const three = [version(), operator, version()]
  return random.chance(0.96) ? three : random.pick([[], three.slice(0, 2), [...three, 1], '1.0.0'])
}

function fractional(g) {
  const { random, notes } = g
  notes.add('op fractional')
  const variant = () =>
    random.choose(
      [9, () => random.pick(g.variants ?? ['on', 'off'])],
      [0.3, () => random.pick([true, 1, null, 'absent', '', -0, 1.5])],
      [0.4, () => ({ var: random.pick(['plan', 'absent', 'flag']) })],
    )
  const weight = () =>
    random.choose(
      [8, () => random.pick([0, 1, 25, 50, 50, 100, 33])],
      [1, () => random.pick([-1, -100, 1000000, 2147483647, 2147483646])],
      [0.4, () => random.pick([1.5, '50', null, true, 1e21, -0, 0.1, 'x'])],
      [0.5, () => ({ var: random.pick(['n', 'age', 'absent']) })],
      [0.3, () => ({ '+': [1, { var: 'n' }] })],
    )
  const buckets = random.list(random.chance(0.05) ? 0 : 1, 4, () => {
    const bucket = random.chance(0.12) ? [variant()] : [variant(), weight()]
    return random.chance(0.985)
      ? bucket
      : random.pick([[], 'on', 5, null, [...bucket, 1], { var: 'tags' }, [['on'], 1]])
  })
  const by = random.choose(
    [5, () => []],
    [2, () => [{ var: random.pick(['email', 'targetingKey', 'plan']) }]],
    [1.5, () => [{ cat: [{ var: '$flagd.flagKey' }, { var: random.pick(['email', 'targetingKey']) }] }]],
    [0.7, () => [random.pick(['fixed', '', 'bY9fO-', 'SI7p-'])]],
    [0.7, () => [{ var: random.pick(['absent', 'n', 'tags', 'flag']) }]],
  )
  return { fractional: [...by, ...buckets] }
}

function any(g, depth) {
  const { random } = g
  return random.choose(
    [2, () => random.pick(texts)],
    [2, () => random.pick(small)],
    [1, () => random.pick([true, false, null])],
    [2, () => variable(g)],
    [0.3, () => []],
    [depth > 0 ? 1.5 : 0, () => number(g, depth - 1)],
    [depth > 0 ? 1.5 : 0, () => text(g, depth - 1)],
    [depth > 0 ? 1 : 0, () => list(g, depth - 1)],
    [depth > 0 ? 1.5 : 0, () => condition(g, depth - 1)],
    [depth > 0 ? 0.5 : 0, () => op(g, 'if', [condition(g, depth - 1), any(g, depth - 1), any(g, depth - 1)])],
    [depth > 0 ? 0.5 : 0, () => over(g, random.pick(['map', 'filter', 'reduce']), depth - 1)],
  )
}

function context(random, key, notes) {
  const made = {}
  const put = (name, share, make) => {
    if (random.chance(share)) made[name] = random.chance(0.93) ? make() : values.any(random)
  }
  const kind = random.next()
  if (kind < 0.88) made.targetingKey = random.chance(0.5) ? random.pick(keys) : `visitor-${random.int(0, 9999)}`
  else if (kind < 0.93) made.targetingKey = random.pick([null, 5, 0, true, '', ['a'], 1.5])
  notes.request(key, `context ${typeof made.targetingKey === 'string' ? 'with' : 'without'} targeting key`)
  put('email', 0.8, () => random.pick(['jon@company.com', 'alice@company.com', 'bob', 'jon', '', 'é@x.com']))
  put('plan', 0.8, () => random.pick(['pro', 'free', 'beta', '', null]))
  put('n', 0.85, () =>
    random.chance(0.85) ? random.pick(small) : random.pick(['10', 'abc', '', ' 5 ', '0x10', null, true]),
  )
  put('age', 0.8, () => random.pick([17, 18, 19, 0, '18']))
  put('version', 0.8, () => random.pick(values.versions))
  put('tags', 0.7, () => random.list(0, 3, () => random.pick(['beta', 'a', 'pro', 1, ''])))
  put('nums', 0.7, () => random.list(0, 3, () => random.pick(small)))
  put('user', 0.7, () => ({ name: random.pick(texts), age: random.pick(small) }))
  put('items', 0.5, () => random.list(0, 3, () => ({ name: random.pick(texts), age: random.pick([1, 5, 18]) })))
  put('flag', 0.6, () => random.chance(0.5))
  put('a.b', 0.3, () => random.pick(texts))
  put('é', 0.3, () => random.pick(texts))
  if (random.chance(0.1)) made.nothing = null
  if (random.chance(0.03)) made.$flagd = { flagKey: 'theirs', timestamp: 1 }
  return made
}
