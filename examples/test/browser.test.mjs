// The examples, and what only a browser can say of the edge, in Chromium behind both runtimes.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NONCE } from './origin.mjs'
import { all, close, edge, folder, HOSTS, leave, pay, skip, SOURCES, VARIANTS } from './driver.mjs'

before(async () => skip || all())
after(close)

/** Every combination of the given values, one test each. */
function each(what, values, check) {
  let cases = [{}]
  for (const [name, list] of Object.entries({ host: HOSTS, ...values })) {
    cases = cases.flatMap((given) => list.map((value) => ({ ...given, [name]: value })))
  }
  for (const given of cases) {
    test(`${what}: ${Object.values(given).join(', ')}`, { skip }, () => check(given))
  }
}

/** What a visitor has seen, from the first frame until now. */
const seen = (page) => page.evaluate(() => watched.seen)
/** Whether React has taken the page over: it marks the elements that it holds. */
const hydrated = (page) =>
  page.waitForFunction(() => Object.keys(document.querySelector('.page')).some((name) => name.startsWith('__reactFiber')))

each('a page never shows anything but its variant', { page: ['plain', 'react'], source: SOURCES, variant: VARIANTS }, (given) =>
  pay(given, async ({ page, visit }) => {
    if (given.page === 'react') await hydrated(page)
    assert.deepEqual(await seen(page), [`${given.variant} dark`])
    const script = { plain: '/flags.js', react: '/app.js' }[given.page]
    assert.deepEqual(visit.requests.map(({ path }) => path).sort(), ['/', script, '/shop.css'].sort(), 'no request of its own')
  }),
)

// Miniflare compresses what comes out of a Worker, and collects it to do so.
const UNCOMPRESSED = { 'accept-encoding': 'identity' }

each('the first paint is right, while the page still arrives', { source: SOURCES }, (given) =>
  pay({ ...given, variant: 'treatment', page: 'slow', wait: 'commit', headers: UNCOMPRESSED }, async ({ page, visit }) => {
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
    assert.equal(await page.evaluate(() => document.readyState), 'loading')
    assert.deepEqual(await seen(page), ['treatment dark'])
    await page.screenshot({ path: `${folder}first-paint-${given.host}-${given.source}.png` })
    visit.release()
    await page.waitForLoadState()
    assert.deepEqual(await seen(page), ['treatment dark'])
  }),
)

each('a strict policy has nothing against it', { source: SOURCES }, (given) =>
  pay({ ...given, page: 'strict', variant: 'treatment' }, async ({ page }) => {
    assert.deepEqual(await seen(page), ['treatment dark'])
    assert.deepEqual(await page.evaluate(() => watched.violations), [])
    const nonce = await page.evaluate(() => document.querySelector('#flagstone')?.nonce)
    assert.ok([NONCE, '', undefined].includes(nonce))
  }),
)

each('a page that says its encoding itself is read in it', { source: ['development'] }, (given) =>
  pay({ ...given, page: 'encoded', variant: 'treatment' }, async ({ page, visit }) => {
    assert.ok((await page.evaluate(() => document.querySelector('#flagstone').textContent.length)) > 1024, 'further than browsers must look')
    assert.equal(await page.title(), 'Zürich')
    assert.equal(visit.requests.length, 1, 'and not loaded again for it')
  }),
)

each('without JavaScript a server-rendered page is right', { variant: VARIANTS }, (given) =>
  pay({ ...given, source: 'script', page: 'react', script: false }, async ({ page }) => {
    assert.ok(await page.locator(`[data-variant=${given.variant}]`).isVisible())
    assert.equal(await page.locator('[data-variant]').count(), 1)
    assert.doesNotMatch(await page.locator('body').innerText(), /version/, 'nobody reads the script element')
  }),
)

each('without JavaScript a page of files has its stable variant', { variant: VARIANTS }, (given) =>
  pay({ ...given, source: 'script', page: 'plain', script: false }, async ({ page }) => {
    assert.ok(await page.locator('[data-variant=control]').isVisible())
    assert.ok(await page.locator('[data-variant=treatment]').isHidden())
  }),
)

each('without JavaScript the route is right', { variant: VARIANTS }, (given) =>
  pay({ ...given, source: 'script', page: 'route', path: '/checkout/', script: false }, async ({ page }) => {
    assert.ok(await page.locator(`[data-variant=${given.variant}]`).isVisible())
  }),
)

each('who refuses cookies gets the same', { source: ['script', 'server-timing'] }, (given) =>
  pay({ ...given, page: 'react', variant: 'treatment', refused: true }, async ({ page }) => {
    await hydrated(page)
    assert.equal(await page.evaluate(() => ((document.cookie = 'a=1'), document.cookie)), '')
    const [sight, ...more] = await seen(page)
    assert.match(sight, /^treatment /)
    assert.deepEqual(more, [])
  }),
)

each('who refuses the cookie that has the flags gets what is stable', {}, (given) =>
  pay({ ...given, page: 'plain', source: 'cookie', variant: 'treatment', refused: true }, async ({ page }) => {
    assert.deepEqual(await seen(page), ['control light'])
  }),
)

each('a service worker in between', { source: SOURCES }, (given) =>
  pay({ ...given, page: 'react', variant: 'treatment' }, async ({ page, go }) => {
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/worker.js')
      await navigator.serviceWorker.ready
    })
    await go()
    assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null))
    await hydrated(page)
    assert.deepEqual(await seen(page), ['treatment dark'])
  }),
)

each('two tabs agree', { source: SOURCES }, (given) =>
  pay({ ...given, variant: 'treatment', page: 'react' }, async ({ page, context, visit }) => {
    const other = await context.newPage()
    await other.goto(visit.origin)
    await Promise.all([page, other].map(hydrated))
    assert.deepEqual([await seen(page), await seen(other)], [['treatment dark'], ['treatment dark']])
  }),
)

/** Does something while a flag is killed. */
async function killed({ host, source }, then) {
  const { publish } = await edge(host, source)
  await publish({ kills: { 'new-checkout': 'control' } })
  try {
    await then()
  } finally {
    await publish({})
  }
}

each('a tab follows what another was told', { source: ['cookie'] }, (given) =>
  pay({ ...given, page: 'react', variant: 'treatment' }, async ({ page, context, visit }) => {
    await hydrated(page)
    await killed(given, async () => {
      visit.requests.length = 0
      const other = await context.newPage()
      await other.goto(visit.origin)
      await page.waitForFunction(() => watched.seen.length > 1)
      assert.deepEqual(await seen(page), ['treatment dark', 'control dark'])
      assert.deepEqual(await seen(other), ['control dark'])
      assert.equal(visit.requests.filter(({ path }) => path === '/').length, 1, 'without a request of its own')
    })
  }),
)

each('a page that one goes back to is as it was', { source: ['script', 'server-timing'] }, (given) =>
  leave({ ...given, variant: 'treatment' }, async ({ next }) => {
    const first = await next('loaded')
    await killed(given, async () => {
      first.answer('/other')
      const other = await next('loaded')
      assert.deepEqual([other.path, other.seen], ['/other', ['control dark']])
      other.answer('back')
      const back = await next('back')
      assert.deepEqual([back.path, back.seen], ['/', ['treatment dark']])
    })
  }),
)

each('a page that one goes back to has taken over what was told since', { source: ['cookie'] }, (given) =>
  leave({ ...given, variant: 'treatment' }, async ({ next }) => {
    const first = await next('loaded')
    assert.deepEqual(first.seen, ['treatment dark'])
    await killed(given, async () => {
      first.answer('/other')
      const other = await next('loaded')
      other.answer('back')
      const back = await next('back')
      assert.equal(back.path, '/')
      back.answer('')
      let { seen } = back
      if (seen.length < 2) ({ seen } = await next('seen'))
      assert.deepEqual(seen, ['treatment dark', 'control dark'])
    })
  }),
)

each('a prerendered page is right when it is shown', { source: SOURCES }, (given) =>
  leave({ ...given, variant: 'treatment', path: '/rules' }, async ({ visit, next }) => {
    let rules = await next('loaded')
    let rendered = await next('loaded')
    if (rules.prerendering) [rules, rendered] = [rendered, rules]
    assert.deepEqual([rules.path, rendered.path, rendered.prerendering], ['/rules', '/', true])
    rendered.answer('')
    rules.answer('/')
    const shown = await next('shown')
    assert.deepEqual([shown.path, shown.seen], ['/', ['treatment dark']])
    const [{ headers }, ...more] = visit.requests.filter(({ path }) => path === '/')
    assert.match(headers['sec-purpose'], /prerender/)
    assert.deepEqual(more, [], 'it was the page that had been prerendered')
  }),
)
