// In Chromium and in the Workers runtime, as people's builds make bundles of it, and without any: the answers are Node's.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import * as light from '@flagstone/wasm'
import * as full from '@flagstone/wasm/full'
import { chromium } from 'playwright-core'
import { answers } from './answers.mjs'
import { contexts, shop } from './setting.mjs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path && existsSync(path))
const skip = executablePath ? false : 'there is no Chromium; CHROMIUM names one, Debian has it as `chromium`'
const folder = fileURLToPath(new URL('..', import.meta.url))

/** What JSON makes of it, which is how the answers come from elsewhere. */
const plain = (value) => JSON.parse(JSON.stringify(value))
const expected = {
  light: plain(await answers(light.open, shop, contexts)),
  full: plain(await answers(full.open, shop, contexts)),
}
/** The package's entries. */
const ENTRIES = { light: '@flagstone/wasm', full: '@flagstone/wasm/full' }

/** Packages of the repository's root: the tools of the platforms. */
const root = createRequire(new URL('../../../package.json', import.meta.url))
const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' }

async function bundle(program) {
  const stdin = { contents: program, resolveDir: `${folder}test` }
  const built = await build({ stdin, bundle: true, format: 'esm', write: false, logLevel: 'error' })
  return built.outputFiles[0].text
}

/** What a page does whose `open` comes from `where`. */
const program = (where) => `import { open } from '${where}'
  import { answers } from './answers.mjs'
  const [bytes, contexts] = await Promise.all([fetch('/snapshot').then((r) => r.bytes()), fetch('/contexts').then((r) => r.json())])
  const broken = await open(bytes).then(() => '', (error) => error.message)
  document.title = JSON.stringify({ broken, ...(await answers(open, bytes, contexts)) })`

const read = (path) => readFileSync(`${folder}${path}`)
const scripts = (names) => Object.fromEntries(names.map((name) => [`/${name}`, ['text/javascript', read(`dist/${name}`)]]))
const bundled = (entry) => ({ '/program.js': async () => ['text/javascript', await bundle(program(ENTRIES[entry]))] })
const SHARED = ['fetched.js', 'again.js', 'snapshot.js', 'held.js', 'instance.mjs']
const LIGHT = {
  '/program.js': ['text/javascript', program('./web.js')],
  '/answers.mjs': ['text/javascript', read('test/answers.mjs')],
  ...scripts([...SHARED, 'web.js']),
}
const FULL = {
  ...LIGHT,
  '/program.js': ['text/javascript', program('./full-web.js')],
  ...scripts(['full-web.js', 'full.js', 'plan.js', 'wire.mjs', 'headers.mjs', 'page.mjs']),
}

const WASM = 'application/wasm'
const PAGES = {
  'as a bundle': { entry: 'light', files: bundled('light'), type: WASM },
  'as a bundle of all': { entry: 'full', files: bundled('full'), type: WASM },
  'by the URL of its folder': { entry: 'light', files: LIGHT, type: WASM },
  'by the URL of its folder, all': { entry: 'full', files: FULL, type: WASM },
  'from a server that does not know the type': { entry: 'light', files: LIGHT, type: 'application/octet-stream' },
  'when the network was gone at first': { entry: 'light', files: LIGHT, type: WASM, fails: 1 },
}

for (const [name, { entry, files, type, fails = 0 }] of Object.entries(PAGES)) {
  test(`in Chromium ${name}`, { skip }, async () => {
    const { broken, ...got } = await inChromium(files, type, fails)
    assert.match(broken, fails ? /flagstone\.wasm: 503$/ : /^$/)
    assert.deepEqual(got, expected[entry])
  })
}

/** The title of a page that loads these files, and the wasm, which the server refuses at first, so many times. */
async function inChromium(more, type, fails) {
  const files = {
    '/': ['text/html', '<!doctype html><script type="module" src="/program.js"></script>'],
    '/flagstone.wasm': () => (fails-- > 0 ? ['text/plain', '', 503] : [type, read('dist/flagstone.wasm')]),
    '/full.wasm': [type, read('dist/full.wasm')],
    '/snapshot': ['application/octet-stream', shop],
    '/contexts': ['application/json', JSON.stringify(contexts)],
    ...more,
  }
  const server = createServer(async (request, response) => {
    const file = files[request.url] ?? ['text/plain', '', 404]
    const [type, body, status = 200] = typeof file === 'function' ? await file() : file
    response.writeHead(status, { 'Content-Type': type }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    page.on('pageerror', (error) => console.error(error))
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    await page.waitForFunction(() => document.title !== '')
    return JSON.parse(await page.title())
  } finally {
    await browser.close()
    server.close()
  }
}

for (const [entry, name] of Object.entries(ENTRIES)) {
  test(`in the Workers runtime, as wrangler bundles it, ${entry}`, () => inWorkerd(name, expected[entry]))
}

async function inWorkerd(entry, expected) {
  const build = mkdtempSync(`${folder}build/worker-`)
  writeFileSync(`${build}/snapshot.bin`, shop)
  writeFileSync(
    `${build}/worker.mjs`,
    `import { open } from '${entry}'
     import { answers } from '../../test/answers.mjs'
     import snapshot from './snapshot.bin'
     export default { fetch: async () => Response.json(await answers(open, new Uint8Array(snapshot), ${JSON.stringify(contexts)})) }`,
  )
  const wrangler = ['deploy', 'worker.mjs', '--name=worker', '--compatibility-date=2026-04-01', '--dry-run', '--outdir=out']
  execFileSync(process.execPath, [root.resolve('wrangler/bin/wrangler.js'), ...wrangler], { cwd: build, env, stdio: 'pipe' })
  const types = { '.js': 'ESModule', '.wasm': 'CompiledWasm', '.bin': 'Data' }
  const modules = readdirSync(`${build}/out`).flatMap((name) => {
    const type = types[extname(name)]
    return type ? [{ type, path: name, contents: readFileSync(`${build}/out/${name}`) }] : []
  })
  // The first is the one that runs.
  modules.sort((one, other) => (other.type === 'ESModule') - (one.type === 'ESModule'))
  const { Miniflare } = root('miniflare')
  const miniflare = new Miniflare({ cf: {}, compatibilityDate: '2026-04-01', modules })
  try {
    const response = await miniflare.dispatchFetch('http://shop.example/')
    assert.deepEqual(await response.json(), expected)
  } finally {
    await miniflare.dispose()
    rmSync(build, { recursive: true })
  }
}
