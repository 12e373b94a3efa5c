// What programs ask the edge itself: flags by OFREP, with OpenFeature's own providers, and reports of exposures; and what a page
// loads while a rollout grows.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { OpenFeature } from '@openfeature/server-sdk'
import { close, edge, HOSTS, OFREP_KEY, pay, rollout, skip, until } from './driver.mjs'

after(close)

const each = (what, check, { hosts = HOSTS, ...options } = { skip }) =>
  hosts.forEach((host) => test(`${what}: ${host}`, options, () => check(host)))
/** What needs no browser. */
const SERVER = { skip: false }
const seen = (page) => page.evaluate(() => watched.seen)

/** A client of OpenFeature's server SDK that asks an edge with a key. */
async function client(host, key) {
  const { url, users } = await edge(host, 'ofrep')
  const domain = `${host} ${key}`
  const headers = [['Authorization', `Bearer ${key}`]]
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl: url, headers }))
  return { client: OpenFeature.getClient(domain), users }
}

each('a server asks with the key', async (host) => {
  const { client: flags, users } = await client(host, OFREP_KEY)
  for (const [variant, user] of Object.entries(users)) {
    const { value, reason, ...told } = await flags.getBooleanDetails('new-checkout', false, { targetingKey: user })
    assert.deepEqual([value, reason, told.variant, told.flagMetadata], [variant === 'treatment', 'SPLIT', variant, { version: 1 }])
  }
  const ada = { targetingKey: 'u-1' }
  for (const context of [{ user: { theme: 'dark' } }, { theme: 'dark' }, { 'user.theme': 'dark' }]) {
    assert.equal((await flags.getObjectValue('theme', {}, { ...ada, ...context })).background, '#121212')
  }
  assert.equal(await flags.getStringValue('currency', 'none', { ...ada, geo: { country: 'LI' } }), 'CHF')
  for (const [key, context, code] of [
    ['nothing', ada, 'FLAG_NOT_FOUND'],
    ['theme', ada, 'TYPE_MISMATCH'],
    ['new-checkout', {}, 'TARGETING_KEY_MISSING'],
    ['new-checkout', { targetingKey: 7 }, 'INVALID_CONTEXT'],
  ]) {
    const details = await flags.getBooleanDetails(key, true, context)
    assert.deepEqual([details.value, details.errorCode], [true, code], key)
  }
}, SERVER)

each('a server with a wrong key gets its own defaults', async (host) => {
  const { client: flags } = await client(host, 'another')
  const { value, errorCode } = await flags.getBooleanDetails('new-checkout', true, { targetingKey: 'u-1' })
  assert.deepEqual([value, errorCode], [true, 'GENERAL'])
}, SERVER)

for (const variant of ['control', 'treatment']) {
  each(`a page has its visitor's flags by the cookie, ${variant}`, (host) =>
    pay({ host, source: 'ofrep', page: 'ofrep', variant }, async ({ page }) => {
      await page.waitForFunction(() => watched.seen.length)
      assert.deepEqual(await seen(page), [`${variant} dark`])
    }),
  )
}

each('a page of another site asks for whom it knows', async (host) => {
  const { users, url } = await edge(host, 'ofrep')
  const path = `/?${new URLSearchParams({ edge: url, user: users.treatment })}`
  await pay({ host, source: 'script', page: 'ofrep', variant: 'control', path }, async ({ page }) => {
    await page.waitForFunction(() => watched.seen.length)
    assert.deepEqual(await seen(page), ['treatment dark'])
  })
})

each(
  'a page hears of a kill',
  (host) =>
    pay({ host, source: 'ofrep', page: 'ofrep', variant: 'treatment' }, async ({ page }) => {
      await page.waitForFunction(() => watched.seen.length)
      const { publish } = await edge(host, 'ofrep')
      await publish({ kills: { 'new-checkout': 'control' } })
      try {
        await page.waitForFunction(() => watched.seen.length > 1)
      } finally {
        await publish({})
      }
      assert.deepEqual(await seen(page), ['treatment dark', 'control dark'])
    }),
  // The other platform keeps no stream open.
  { hosts: ['workerd'], skip },
)

each('what was seen is reported to the edge', async (host) => {
  const { log, users } = await edge(host, 'ofrep')
  const lines = async () => {
    const found = (await log()).matchAll(/\{"flagstone":"exposure".*\}/g)
    return [...found].map(([line]) => JSON.parse(line)).filter(({ unit }) => unit === users.treatment)
  }
  await pay({ host, source: 'ofrep', page: 'seen', variant: 'treatment' }, async ({ page, visit }) => {
    assert.deepEqual(await seen(page), ['treatment dark'])
    await page.goto('about:blank')
    await until(async () => (await lines()).length >= 2)
    assert.deepEqual(visit.requests.filter(({ path }) => path.startsWith('/.flagstone')), [], 'no origin sees it')
  })
  const [first, second, ...more] = await lines()
  assert.deepEqual([first.flag, first.variant, second.flag, second.variant, more], ['new-checkout', 'treatment', 'theme', 'dark', []])
  assert.equal(first.view, second.view)
  assert.equal(first.revision, second.revision)
})

each('what a page loads has the variant that the page got, while the rollout grows', (host) =>
  pay({ host, source: 'growing', page: 'route', path: '/checkout/', variant: 'control' }, async ({ page, visit, go }) => {
    const { publish } = await edge(host, 'growing')
    const load = async () => {
      const flags = await page.evaluate(async () => (await fetch('/checkout/prices')).headers.get('feature-flags'))
      // The browser asks for an icon too, when it likes.
      const { path } = visit.requests.findLast(({ path }) => path.endsWith('/prices'))
      return [/new-checkout=(\w+)/.exec(flags)[1], path]
    }
    const before = ['control', '/checkout/prices']
    assert.deepEqual(await load(), before)
    await publish(rollout('complete'))
    try {
      assert.deepEqual(await load(), before)
      await page.evaluate(() => new Promise((resolve) => document.body.append(Object.assign(document.createElement('iframe'), { src: '/checkout/frame', onload: resolve }))))
      assert.ok(visit.requests.some(({ path }) => path === '/checkout/frame'), 'a frame has it too')
      assert.deepEqual(await load(), before, 'which does not change what comes after it')
      assert.deepEqual(await seen(page), ['control dark'])
      await go()
      assert.deepEqual(await seen(page), ['treatment dark'])
      assert.deepEqual(await load(), ['treatment', '/v2/checkout/prices'])
    } finally {
      await publish(rollout('running'))
    }
  }),
)
