// In Chromium and in the Workers runtime, from bundles as people's builds make them: the answers are Node's.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { open } from '@flagstone/wasm'
import { chromium } from 'playwright-core'
import { answers } from './answers.mjs'
import { contexts, shop } from './setting.mjs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path && existsSync(path))
const skip = executablePath ? false : 'there is no Chromium; CHROMIUM names one, Debian has it as `chromium`'
const folder = fileURLToPath(new URL('..', import.meta.url))
const wasm = `${folder}dist/flagstone.wasm`

/** What JSON makes of it, which is how the answers come from elsewhere. */
const plain = (value) => JSON.parse(JSON.stringify(value))
const expected = plain(await answers(open, shop, contexts))

async function bundle(program, conditions, external = []) {
  const built = await build({
    stdin: { contents: program, resolveDir: `${folder}test` },
    bundle: true,
    format: 'esm',
    write: false,
    conditions,
    external,
    logLevel: 'error',
  })
  return built.outputFiles[0].text
}

test('in Chromium', { skip }, async () => {
  const program = await bundle(
    `import { open } from '@flagstone/wasm'
     import { answers } from './answers.mjs'
     const [bytes, contexts] = await Promise.all([fetch('/snapshot').then((r) => r.bytes()), fetch('/contexts').then((r) => r.json())])
     document.title = JSON.stringify(await answers(open, bytes, contexts))`,
    ['browser'],
  )
  const files = {
    '/': ['text/html', '<!doctype html><script type="module" src="/program.js"></script>'],
    '/program.js': ['text/javascript', program],
    // Where the bundle looks for it.
    '/flagstone.wasm': ['application/wasm', readFileSync(wasm)],
    '/snapshot': ['application/octet-stream', shop],
    '/contexts': ['application/json', JSON.stringify(contexts)],
  }
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? ['text/plain', '']
    response.writeHead(200, { 'Content-Type': type }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    page.on('pageerror', (error) => console.error(error))
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    await page.waitForFunction(() => document.title !== '')
    assert.deepEqual(JSON.parse(await page.title()), expected)
  } finally {
    await browser.close()
    server.close()
  }
})

test('in the Workers runtime', async () => {
  const root = new URL('../../../package.json', import.meta.url)
  const { Miniflare } = createRequire(root)('miniflare')
  const program = await bundle(
    `import { open } from '@flagstone/wasm'
     import { answers } from './answers.mjs'
     import snapshot from './snapshot.bin'
     export default { fetch: async () => Response.json(await answers(open, new Uint8Array(snapshot), ${JSON.stringify(contexts)})) }`,
    ['workerd'],
    ['./flagstone.wasm', './snapshot.bin'],
  )
  const miniflare = new Miniflare({
    cf: {},
    compatibilityDate: '2026-04-01',
    modules: [
      { type: 'ESModule', path: 'main.mjs', contents: program },
      { type: 'CompiledWasm', path: 'flagstone.wasm', contents: readFileSync(wasm) },
      { type: 'Data', path: 'snapshot.bin', contents: shop },
    ],
  })
  try {
    const response = await miniflare.dispatchFetch('http://shop.example/')
    assert.deepEqual(await response.json(), expected)
  } finally {
    await miniflare.dispose()
  }
})
