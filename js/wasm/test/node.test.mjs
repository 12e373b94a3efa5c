// In Node: the answers are those of the command line, and what only the package has.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import * as light from '@flagstone/wasm'
import { open } from '@flagstone/wasm/full'
import { Engine } from '../dist/wire.mjs'
import { answers } from './answers.mjs'
import { contexts, shop } from './setting.mjs'

const NOW = Date.UTC(2026, 11, 5, 10)

/** What the command line decides, flag by flag for each context. */
function evaluated(path, flags, contexts) {
  const requests = flags.flatMap((flag) => contexts.map((context) => JSON.stringify({ flag, context })))
  const options = ['eval', '--requests', '-', '--now', new Date(NOW).toISOString(), path]
  const lines = execFileSync(process.env.FLAGSTONE_CLI, options, { input: requests.join('\n'), encoding: 'utf8' })
  return lines.trim().split('\n').map((line) => bare(JSON.parse(line)))
}

const bare = ({ flag, variant, value, reason }) => ({ flag, variant, value, reason })

test('decides as the command line does', async () => {
  const { byKey, all } = await answers(open, shop, contexts)
  const keys = byKey.map(([decision]) => decision.flag)
  assert.deepEqual(byKey.flat().map(bare), evaluated('build/shop.snapshot', keys, contexts))
  const turned = contexts.map((_, context) => byKey.map((decisions) => decisions[context]))
  assert.deepEqual(all, turned)
})

test('so it does where the values of a context are in lists and objects', async () => {
  const flags = {
    there: 'has(user.address)',
    city: 'user.address.city == "Bonn"',
    item: 'within(user.items, "elements but null", js.text(attribute("$element.sku"), "x"))',
    inner: 'within(user.items, "elements", within(attribute("$element"), "elements", attribute("$element") == 1.0))',
    null: 'null in user.items',
    json: 'js.json(user.items, "[{\\"a\\":1}]")',
    end: 'user["a/b"] == "x"',
    behind: 'user["a/b"].c == "x"',
    first: 'user.items["0"] == "a"',
    none: 'user.items["0"] == null',
    within: 'user.items["0"].a == 1',
    two: 'user.items.length == 2',
    since: 'timestamp(user.since) > timestamp("2026-01-01T00:00:00Z")',
  }
  const source = Object.entries(flags).map(([key, when]) => `[[flags.${key}.rules]]\nwhen = '${when}'\nserve = "on"\n`)
  writeFileSync('build/inside.toml', source.join(''))
  execFileSync(process.env.FLAGSTONE_CLI, ['compile', 'build/inside.toml', '-o', 'build/inside.snapshot'], { stdio: 'pipe' })
  const snapshot = await open(readFileSync('build/inside.snapshot'))
  const deep = (depth) => (depth === 0 ? [1] : [deep(depth - 1)])
  const contexts = [
    {},
    { user: { address: { city: 'Bonn' }, items: [{ sku: 'y' }, null, { sku: 'x' }] } },
    { address: {}, items: ['a', null] },
    { address: null, items: [[2], [1]] },
    { items: [{ a: 1, b: undefined }], since: new Date(NOW) },
    { items: { sku: 'x' }, address: [] },
    { items: deep(20), 'a/b': 'x' },
    { user: { 'a/b': { c: 'x' } } },
    { 'user["a/b"]': { c: 'x' }, 'a/b': null },
  ]
  const decided = Object.keys(flags).flatMap((flag) => contexts.map((context) => bare(snapshot.for(context, NOW).decide(flag))))
  assert.deepEqual(decided, evaluated('build/inside.snapshot', Object.keys(flags), contexts))
  assert.equal(decided.filter(({ value }) => value).length, 20)
  const itself = { items: [] }
  itself.items.push(itself)
  for (const context of [itself, { items: deep(5_000) }]) assert.equal(snapshot.for(context, NOW).value('inner'), false)
})

test('the light entry decides alike, and does nothing else', async () => {
  const { explained, planned, responded, unreachable, ...decided } = await answers(open, shop, contexts)
  assert.deepEqual(await answers(light.open, shop, contexts), decided)
})

test('explains', async () => {
  const snapshot = await open(shop)
  const decider = snapshot.for({ targetingKey: 'u-1', user: { email: 'jo@shop.example' } }, NOW)
  const { steps, ...decision } = decider.explain('new-checkout')
  assert.deepEqual(decision, {
    flag: 'new-checkout',
    variant: 'treatment',
    value: true,
    reason: 'TARGETING_MATCH',
    rule: 0,
  })
  const line = ({ kind, depth, text, outcome = '' }) => `${'  '.repeat(depth)}${kind} ${text} ${outcome}`.trimEnd()
  assert.deepEqual(steps.map(line), [
    'flag new-checkout',
    '  rule 0: staff',
    '    test user.email ends with "@shop.example", case ignored yes',
    '    test unit in segment "staff" yes',
    '  rule 0: staff yes',
    '  decision treatment TARGETING_MATCH',
  ])
})

test('plans as the edge does', async () => {
  const { planned, responded, unreachable } = await answers(open, shop, contexts)
  const [origin, pathAndQuery, cacheKey, headers] = planned
  assert.deepEqual([origin, pathAndQuery], ['canary', '/v2/checkout/cart?a=b'])
  assert.match(cacheKey, /^api-limit=normal&.*&new-checkout=treatment&/)
  const sent = new Map(headers)
  assert.match(sent.get('feature-flags'), /\bnew-checkout=treatment\b/)
  assert.deepEqual(
    ['accept', 'flagstone-key', 'x-forwarded-host', 'x-release'].map((name) => sent.get(name)),
    ['*/*', undefined, 'shop.example', '2026.11'],
  )
  const [status, list, body] = responded
  const got = new Map(list)
  assert.deepEqual([status, body, got.get('flagstone-status')], [200, 'body', 'flagstone; rev=0; id=cookie'])
  assert.match(got.get('vary'), /^Accept, accept-language, cookie, /)
  assert.deepEqual(unreachable, [502, 'The origin cannot be reached.\n'])
})

test('says what is wrong with a snapshot', async () => {
  const { damaged, empty, unknown } = await answers(open, shop, contexts)
  assert.equal(damaged, 'These bytes are no snapshot: the content does not have the digest that the header names')
  assert.equal(empty, 'These bytes are no snapshot: snapshot says 32 bytes, buffer has 0')
  assert.deepEqual(unknown, [-1, true, 'mine'])
})

test('snapshots and contexts do not mix', async () => {
  const [first, second] = await Promise.all([open(shop), open(shop)])
  const staff = first.for({ email: 'jo@shop.example' }, NOW)
  const others = [first.for({}, NOW), second.for({ email: 'x@elsewhere.example' }, NOW)]
  for (let round = 0; round < 3; round++) {
    assert.equal(staff.value('beta-programme'), true)
    for (const other of others) assert.equal(other.value('beta-programme'), false)
  }
})

test('only the numbers of flags are some', async () => {
  const visitor = (await open(shop)).for({}, NOW)
  for (const flag of [0.5, -1, 33, 2 ** 32, NaN, Infinity]) {
    assert.deepEqual([visitor.decide(flag), visitor.value(flag, 'mine')], [undefined, 'mine'], `${flag}`)
  }
})

test('nothing throws because of a context, a key or a time, and others do not notice', async () => {
  const snapshot = await open(shop)
  const fine = { targetingKey: 'u-1', email: 'jo@shop.example' }
  const expected = snapshot.for(fine, NOW).all()
  const missing = snapshot.for({}, NOW).all()
  const throws = () => {
    throw new Error('not today')
  }
  const contexts = [
    undefined,
    null,
    Object.defineProperty({}, 'email', { get: throws, enumerable: true }),
    { user: new Proxy({}, { getOwnPropertyDescriptor: throws }) },
    { email: Symbol('jo@shop.example'), targetingKey: 1n },
    Object.create({ email: 'jo@shop.example', targetingKey: 'u-1', user: { key: 'u-1' } }),
  ]
  for (const context of contexts) assert.deepEqual(snapshot.for(context, NOW).all(), missing)
  for (const key of [Symbol('new-checkout'), undefined, null, 0n, {}]) assert.equal(snapshot.for(fine, NOW).value(key, 'mine'), 'mine')
  assert.deepEqual(snapshot.for(fine, BigInt(NOW)).all(), expected)
  assert.equal(snapshot.plan(new Request('https://shop.example/'), {}, BigInt(NOW)).origin, 'stable')
  assert.deepEqual(snapshot.for(fine, NOW).all(), expected)
})

test('who changes a value changes it for nobody', async () => {
  const visitor = (await open(shop)).for({}, NOW)
  const objects = visitor.all().filter(({ value }) => typeof value === 'object' && value !== null)
  assert.notEqual(objects.length, 0)
  for (const { flag, value } of objects) {
    const before = JSON.stringify(value)
    const change = (inner) => {
      if (typeof inner !== 'object' || inner === null) return
      assert.throws(() => (inner.changed = true), TypeError, flag)
      Object.values(inner).forEach(change)
    }
    change(value)
    assert.equal(JSON.stringify(visitor.value(flag)), before)
  }
})

test('a new id for each visitor without one', async () => {
  const snapshot = await open(shop)
  const cookie = () => snapshot.plan(new Request('https://shop.example/')).response(new Response()).headers.get('set-cookie')
  const cookies = [cookie(), cookie(), cookie()]
  for (const cookie of cookies) assert.match(cookie, /^__Host-flagstone=[0-9a-f]{32};/)
  assert.equal(new Set(cookies).size, 3)
})

test('CommonJS has it too', () => {
  const program = `const { open } = require('@flagstone/wasm')
    open(require('node:fs').readFileSync('build/shop.snapshot')).then(({ size }) => console.log(size))`
  const cwd = new URL('..', import.meta.url)
  assert.equal(execFileSync(process.execPath, ['-e', program], { cwd, encoding: 'utf8' }), '33\n')
})

test('a request crosses the border once, and its response once', async () => {
  const { instance } = await WebAssembly.instantiate(readFileSync(new URL('../dist/full.wasm', import.meta.url)))
  const calls = []
  const counted = ([name, of]) => [name, typeof of === 'function' ? (...values) => (calls.push(name), of(...values)) : of]
  const engine = new Engine(Object.fromEntries(Object.entries(instance.exports).map(counted)))
  engine.reserve(shop.length).set(shop)
  engine.ask(engine.exports.open, shop.length)
  engine.capacity = 0
  engine.learn()
  const request = new Request('https://shop.example/checkout/cart', { headers: { Cookie: 'uid=u-1', 'Accept-Language': 'de' } })
  const crossed = () => {
    calls.length = 0
    const plan = engine.plan(request, { geo: () => 'DE', address: () => '192.0.2.1' }, NOW)
    engine.respond(plan, 200, new Headers({ Vary: 'Accept' }))
    return [...calls]
  }
  assert.deepEqual(crossed(), ['room', 'plan', 'respond'], 'the first has room made for it')
  // It is made once more where the memory has grown.
  assert.deepEqual(crossed().filter((name) => name !== 'room'), ['plan', 'respond'])
  assert.deepEqual(crossed(), ['plan', 'respond'])
})
