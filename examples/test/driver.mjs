// Starts edges and Chromium for the tests, and pays visits.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { edges } from '../edges.mjs'
import { executablePath, folder, skip } from './chromium.mjs'
import { start } from './origin.mjs'

export { folder, skip }

const ARGUMENTS = ['--no-sandbox', '--host-resolver-rules=MAP *.localhost 127.0.0.1']
const WATCH = { path: fileURLToPath(new URL('watch.js', import.meta.url)) }

export const HOSTS = ['workerd', 'viceroy']
/** How the flags of a document reach its scripts, by the environment of `flagstone.toml` that has it so. */
export const SOURCES = ['script', 'server-timing', 'cookie']
export const VARIANTS = ['control', 'treatment']

/** The key that both hosts take from programs, as tests/src/hosts.rs has it. */
export const OFREP_KEY = 'a key for programs'

// Half of the visitors in the new checkout, as in `development`.
const HALF = 'rules = [{ name = "canary", rollout = { treatment = 50 } }]'
const ENVIRONMENTS =
  SOURCES.map(
    (source) => `
[environments.${source}.expose]
${source.replace('-', '_')} = true
[environments.${source}.flags.new-checkout]
${HALF}
`,
  ).join('') +
  `
[environments.ofrep]
ofrep = { public = true, cors = ["*"] }
expose = { script = true, exposures = true }
[environments.ofrep.flags.new-checkout]
${HALF}

[environments.growing]
identity = { follow_page = true }
[environments.growing.flags.new-checkout]
rules = [{ name = "canary", rollout = { treatment = "plan" } }]
plan = { stages = [{ share = 50, dwell = "1h" }] }
`

/** What the control document has of a rollout that is `running`, or `complete`. */
export const rollout = (state) => ({ rollouts: { 'new-checkout': { plan: '1', attempt: 1, stage: 0, state, since: 0 } } })

const visits = new Map()
let running
const opened = new Map()
let browser

/** The edge of a host and a source, started when it is first asked for. */
export function edge(host, source) {
  const name = `${host} ${source}`
  if (!opened.has(name)) opened.set(name, open(host, source))
  return opened.get(name)
}

/** Starts all of them at once, which takes less time. */
export const all = () => Promise.all(HOSTS.flatMap((host) => SOURCES.map((source) => edge(host, source))))

async function open(host, source) {
  running ??= edges()
  const origin = await start(visits)
  const origins = { stable: origin.url, canary: origin.url, 'cart-v2': origin.url, search: origin.url }
  const file = 'examples/shop/flagstone.toml'
  const control = source === 'growing' ? rollout('running') : {}
  const url = await running.start({ host, file, environment: source, more: ENVIRONMENTS, origins, control })
  const { port } = new URL(url)
  const ask = (user) => fetch(url, { headers: { 'x-user-id': user } })
  // Who gets which variant is the same in every run, since it is a matter of the name.
  const users = {}
  for (let number = 1; VARIANTS.some((variant) => !users[variant]); number++) {
    const flags = (await ask(`u-${number}`)).headers.get('feature-flags')
    users[/new-checkout=(\w+)/.exec(flags)[1]] ??= `u-${number}`
  }
  return {
    origin,
    url,
    port,
    users,
    /** Publishes a revision with kills or rollouts, and waits until it decides. */
    async publish(control) {
      const revision = await running.publish(url, control)
      const arrived = async () => (await ask('u-1')).headers.get('flagstone-status').includes(`rev=${revision};`)
      await until(arrived)
    },
    log: () => running.log(url),
  }
}

/** The process that has started the runtimes. */
export const pid = () => running.pid

/** Ends everything, and has a look at what the runtimes have written. */
export async function close() {
  await browser?.close()
  try {
    for (const edge of await Promise.all(opened.values())) {
      assert.doesNotMatch(await edge.log(), /panicked|trap/)
      edge.origin.close()
    }
  } finally {
    await running?.end()
  }
}

/** Waits until `what` holds. */
export async function until(what) {
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail(`not within 30 seconds: ${what}`)
}

/** A visit that is to come: a host's name of its own, and what its requests are. */
export async function expect(page, host, source, answer) {
  const { port, users } = await edge(host, source)
  const name = `${page}-${visits.size + 1}`
  const visit = { requests: [], answer, users, origin: `http://${name}.localhost:${port}` }
  visit.proceed = new Promise((resolve) => (visit.release = resolve))
  visits.set(name, visit)
  return visit
}

const cookies = (user) => [
  ['uid', user],
  ['theme', 'dark'],
]

/**
 * Opens a page in a profile of its own, as the visitor who gets `variant`, or as one whose browser takes no cookies.
 * Gives the visit, its first page, and what went wrong in it, to `then`.
 */
export async function pay({ host, source, page: name, variant, path = '/', script = true, refused = false, wait = 'load', headers = {} }, then) {
  const visit = await expect(name, host, source)
  const context = await (refused ? without() : profile(script))
  const errors = []
  try {
    context.on('weberror', (error) => errors.push(`${error.error()}`))
    context.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    if (script) await context.addInitScript(WATCH)
    await context.setExtraHTTPHeaders({ ...headers, ...(refused && { 'x-user-id': visit.users[variant] }) })
    if (!refused) {
      const { origin: url, users } = visit
      await context.addCookies(cookies(users[variant]).map(([name, value]) => ({ name, value, url })))
    }
    const page = refused ? context.pages()[0] : await context.newPage()
    const go = (to = path) => page.goto(visit.origin + to, { waitUntil: wait })
    const response = await go()
    await then({ page, context, visit, response, go, errors })
    assert.deepEqual(errors, [])
  } finally {
    visit.release()
    await context.close()
  }
}

async function profile(javaScriptEnabled) {
  browser ??= await chromium.launch({ executablePath, args: ARGUMENTS })
  return browser.newContext({ javaScriptEnabled, viewport: { width: 640, height: 400 } })
}

/** A profile that takes no cookies, as people set it; who they are, the sign-in service says. */
async function without() {
  const data = fresh()
  mkdirSync(`${data}/Default`)
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } }
  writeFileSync(`${data}/Default/Preferences`, JSON.stringify(preferences))
  return chromium.launchPersistentContext(data, { executablePath, args: ARGUMENTS })
}

/** An empty folder for a profile. Left behind: Chromium may write there after it has ended. */
function fresh() {
  mkdirSync(folder, { recursive: true })
  return mkdtempSync(`${folder}profile-`)
}

/**
 * Has Chromium alone, without a debugger, open a page that reports; `then` takes the next report, and sets what is
 * answered: where to go, `back`, or nothing.
 */
export async function leave({ host, source, variant, path = '/' }, then) {
  const reports = []
  const waiting = []
  const take = () => new Promise((resolve) => (reports.length ? resolve(reports.shift()) : waiting.push(resolve)))
  const visit = await expect('alone', host, source, (report) =>
    new Promise((answer) => {
      const next = waiting.shift()
      const told = { ...report, answer }
      if (next) next(told)
      else reports.push(told)
    }),
  )
  const enter = new URLSearchParams([path, ...cookies(visit.users[variant]).map((pair) => pair.join('='))].map((value) => ['is', value]))
  const child = spawn(executablePath, [...ARGUMENTS, '--headless', '--no-first-run', `--user-data-dir=${fresh()}`, `${visit.origin}/enter?${enter}`], { stdio: 'ignore' })
  /** The next report of an event; others are passed over. */
  const next = async (event) => {
    for (;;) {
      const report = await within(take(), `a report of ${event}`)
      if (report.event === event) return report
      report.answer('')
    }
  }
  try {
    await then({ visit, next })
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

/** What `promise` gives, if it gives it in time. */
export function within(promise, what) {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`not within 30 seconds: ${what}`)), 30_000)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
