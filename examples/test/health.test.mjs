// The health page of a guard, in Chromium: what it shows, to whom, and what people do by it.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { executablePath, folder, skip } from './chromium.mjs'
import { guard, TOKEN } from './guard.mjs'

const SCRIPTS = ['page', 'actions', 'charts', 'elements', 'words'].map((name) => `${name}.mjs`)
const FILES = ['', 'page.css', ...SCRIPTS, 'icon.svg', 'health.json']
const PATHS = [...FILES, 'actions', 'nothing']
const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true, hasTouch: true },
}

let shop
let browser
before(async () => {
  shop = await guard()
  await shop.everything()
  if (!skip) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
after(async () => {
  await browser?.close()
  await shop?.ended()
})

/** Opens the page; whatever goes wrong in it, or leaves its host, fails the test, unless it was expected. */
async function open(look, then, expected = []) {
  const context = await browser.newContext({
    ...LOOKS[look],
    httpCredentials: { username: 'anybody', password: TOKEN },
  })
  const page = await context.newPage()
  const wrong = []
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && wrong.push(message.text()))
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('request', (request) => request.url().startsWith(`${shop.url}/_flagstone/`) || wrong.push(request.url()))
  await page.goto(`${shop.url}/_flagstone/`)
  await page.waitForSelector('.card')
  await then(page)
  assert.deepEqual(wrong, expected)
  await context.close()
}

const card = (page, flag) => page.locator('.card', { has: page.getByRole('heading', { name: flag, exact: true }) })

test('without the token there is nothing', async () => {
  for (const path of PATHS) {
    for (const authorization of [
      undefined,
      'Bearer wrong',
      `Basic ${btoa('anybody:wrong')}`,
      `Basic ${btoa(TOKEN)}`,
      'Basic §',
    ]) {
      const headers = authorization ? { authorization: encodeURI(authorization) } : {}
      const answer = await fetch(`${shop.url}/_flagstone/${path}`, { headers })
      assert.equal(answer.status, 401, path)
      assert.equal(await answer.text(), 'the token is needed\n')
      assert.match(answer.headers.get('www-authenticate'), /^Basic realm=/)
    }
  }
})

test('its policy allows its own host alone', async () => {
  for (const path of FILES) {
    const { headers, status } = await shop.ask(`/_flagstone/${path}`)
    assert.equal(status, 200, path)
    assert.match(headers.get('content-security-policy'), /default-src 'none'; script-src 'self'; style-src 'self';/)
    assert.doesNotMatch(headers.get('content-security-policy'), /unsafe|http|\*/)
    assert.equal(headers.get('cache-control'), 'no-store')
  }
})

test('what another site makes a browser send changes nothing', async () => {
  const body = JSON.stringify({ what: 'kill', flag: 'new-checkout', who: 'eve', why: 'she can' })
  const { sequence } = shop.control()
  for (const headers of [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
    { 'content-type': 'application/json', 'sec-fetch-site': 'same-site' },
  ]) {
    const { status } = await shop.ask('/_flagstone/actions', { method: 'POST', body, headers })
    assert.equal(status, 403)
  }
  assert.equal(shop.control().sequence, sequence)
})

for (const look of Object.keys(LOOKS)) {
  test(`shows every rollout, flag and node: ${look}`, { skip }, () =>
    open(look, async (page) => {
      const states = {
        'gift-cards': 'killed',
        'vector-search': 'rolled back',
        'photo-reviews': 'paused',
        'new-checkout': 'running',
        'fast-cart': 'complete',
      }
      for (const [flag, state] of Object.entries(states))
        assert.equal(await card(page, flag).locator('.badge').textContent(), state)
      const { flags } = await shop.health()
      assert.equal(await page.locator('.row').count(), flags.length)
      assert.match(
        await card(page, 'new-checkout')
          .getByRole('img', { name: /^Failures of the last ten minutes/ })
          .getAttribute('aria-label'),
        /control 0\.\d %/,
      )
      const goal = card(page, 'new-checkout').getByRole('img', { name: /^Visitors who reach bought/ })
      assert.match(await goal.getAttribute('aria-label'), /canary 14(\.0)? %, between .*; stable 12(\.0)? %, between/)
      const stale = page.locator('.row', { hasText: 'maintenance' }).locator('.is-stale')
      assert.equal(await stale.textContent(), 'expired 2026-01-31')
      await page.getByText('not the present one').first().waitFor()
      await page.locator('.decision', { hasText: 'rolled back at 5 %' }).waitFor()
      // Nothing hangs out of a phone.
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
      mkdirSync(folder, { recursive: true })
      await page.screenshot({ path: `${folder}health-${look}.png`, fullPage: true })
    }),
  )
}

test('shows what is reported while somebody looks', { skip }, () =>
  open('light', async (page) => {
    const share = page.locator('.row', { hasText: 'fast-cart' }).locator('.variants')
    assert.doesNotMatch(await share.textContent(), /control/)
    await shop.report({ flag: 'fast-cart', control: [800, 0, 40], revision: 7 })
    await share.locator('b', { hasText: 'control' }).waitFor()
  }),
)

test('pauses, resumes, kills and lifts by the keyboard, with a reason', { skip }, () =>
  open('dark', async (page) => {
    const steps = [
      ['Pause', 'pause', () => shop.control().rollouts['new-checkout'].state === 'paused'],
      ['Resume', 'resume', () => shop.control().rollouts['new-checkout'].state === 'running'],
      ['Kill', 'kill', () => shop.control().kills['new-checkout'] === 'control'],
      ['Lift the kill', 'kill', () => !('new-checkout' in shop.control().kills)],
    ]
    for (const [name, what, isDone] of steps) {
      const button = card(page, 'new-checkout').getByRole('button', { name: `${name}: new-checkout`, exact: true })
      await button.focus()
      await page.keyboard.press('Enter')
      // Nothing is done before it is confirmed, and nothing without a reason.
      await page.waitForSelector('dialog[open]')
      await page.keyboard.press('Tab')
      await page.keyboard.type('grace')
      await page.keyboard.press('Enter')
      assert.ok(!isDone(), name)
      await page.locator('#why').focus()
      await page.keyboard.type(`to see ${name}`)
      for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.waitForSelector('dialog', { state: 'hidden' })
      assert.ok(isDone(), name)
      const last = shop.audit().at(-1)
      assert.deepEqual([last.what, last.flag, last.who, last.why], [what, 'new-checkout', 'grace', `to see ${name}`])
      await page.locator('#done', { hasText: `Change ${last.sequence}` }).waitFor()
      await button.waitFor({ state: 'detached' })
      await page.locator('#who').evaluate((input) => (input.value = ''))
      await page.evaluate(() => localStorage.clear())
    }
  }),
)

test('what is refused is told, and the dialog stays', { skip }, () =>
  open(
    'light',
    async (page) => {
      await card(page, 'new-checkout').getByRole('button', { name: 'Pause' }).click()
      await shop.change('pause', 'new-checkout')
      await page.fill('#why', 'too late')
      await page.fill('#who', 'grace')
      await page.click('#confirm')
      await page.getByText('Not done: it is paused.').waitFor()
      await page.keyboard.press('Escape')
      await page.waitForSelector('dialog', { state: 'hidden' })
      await shop.change('resume', 'new-checkout')
    },
    ['Failed to load resource: the server responded with a status of 409 (Conflict)'],
  ),
)

test('a stage that the plan has no more takes nothing else from the page', { skip }, async (t) => {
  const other = await guard()
  t.after(() => other.ended())
  await other.everything()
  await other.publish('[{ share = 5, dwell = "1h" }]')
  const context = await browser.newContext({ httpCredentials: { username: 'x', password: TOKEN } })
  const page = await context.newPage()
  await page.goto(`${other.url}/_flagstone/`)
  await page.locator('#live', { hasText: 'live, revision 2' }).waitFor()
  const { flags } = await other.health()
  assert.equal(await page.locator('.card').count(), flags.filter(({ rollout }) => rollout).length)
  assert.equal(await page.locator('.row').count(), flags.length)
  for (const [flag, share, sentence, place] of [
    ['photo-reviews', '0 %', /^Its plan has no stage 2 any more: nobody is in\.$/, 'its plan has no stage 2'],
    // Whoever is in stays in.
    ['fast-cart', '100 %', /^Everybody has it, since /, 'complete, everybody has it'],
  ]) {
    assert.equal(await card(page, flag).locator('.share').textContent(), share)
    assert.match(await card(page, flag).locator('.sentence').textContent(), sentence)
    await card(page, flag).getByRole('img', { name: `Ramp: 5 %, 100 %; ${place}`, exact: true }).waitFor()
  }
  await page.getByRole('button', { name: 'Kill: photo-reviews', exact: true }).first().waitFor()
  await context.close()
})

test('what cannot be shown is no silence of the guard', { skip }, () =>
  open(
    'light',
    async (page) => {
      await page.route('**/health.json', async (route) => {
        const response = await route.fetch()
        await route.fulfill({ response, json: { ...(await response.json()), decisions: null } })
      })
      await page.locator('#live', { hasText: 'this page cannot show what the guard says' }).waitFor()
    },
  ),
)

test('says so when the guard is gone', { skip }, async () => {
  const other = await guard()
  const context = await browser.newContext({ httpCredentials: { username: 'x', password: TOKEN } })
  const page = await context.newPage()
  await page.goto(`${other.url}/_flagstone/`)
  await page.locator('#live', { hasText: 'live, revision' }).waitFor()
  await other.ended()
  await page.locator('#live', { hasText: 'not heard from the guard' }).waitFor()
  await context.close()
})
