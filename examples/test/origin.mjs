// The origin behind the edges of the tests: the examples, and pages that make it hard for them. Which one answers is in
// the first part of the host's name; what follows, as in `react-7.localhost`, is the visit's.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import plain from '../plain/server.mjs'
import react from '../react/server.mjs'
import { origin } from '../edges.mjs'

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8')
const PLAIN = read('../plain/index.html')
const SCRIPTS = { '/ofrep.js': read('../build/pages/ofrep.js'), '/seen.js': read('../build/pages/seen.js'), '/watch.js': read('watch.js'), '/report.js': read('report.js'), '/worker.js': read('worker.js') }
const HTML = { 'content-type': 'text/html; charset=utf-8' }
const REPORTING = '<script src="/watch.js"></script><script src="/report.js"></script>'
const RULES = `<!doctype html><head><script src="/report.js"></script>
  <script type="speculationrules">{"prerender":[{"urls":["/"],"eagerness":"immediate"}]}</script></head>`

/** What the long page begins with; the rest is made of `PIECE`. */
export const FIRST = '<!doctype html><html><head><title>Everything we have</title></head><body><p>the first of many'
const PIECE = Buffer.from('<p>Teapot, 1 litre</p>\n'.repeat(2_000))

export const NONCE = 'c2hvcA=='
const POLICY = [
  "default-src 'none'",
  `script-src 'nonce-${NONCE}' 'strict-dynamic'`,
  `style-src 'nonce-${NONCE}'`,
  'img-src data:',
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const PAGES = {
  plain,
  react,

  /** The plain page under a strict policy. */
  strict(request, response) {
    if (request.url !== '/') return plain(request, response)
    response.writeHead(200, { ...HTML, 'content-security-policy': POLICY })
    response.end(PLAIN.replaceAll(/<(script|style|link rel="stylesheet")/g, `<$1 nonce="${NONCE}"`))
  },

  /** Says its encoding itself, which the element comes before. */
  encoded(request, response) {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><html><head><meta charset="utf-8"><link rel=icon href=data:,><title>Zürich</title></head><body>')
  },

  /** The plain page, of which the end comes when the test says so. */
  async slow(request, response, { proceed }) {
    if (request.url !== '/') return plain(request, response)
    const end = PLAIN.indexOf('</main>')
    response.writeHead(200, HTML)
    response.write(PLAIN.slice(0, end))
    await proceed
    response.end(PLAIN.slice(end))
  },

  /** The React app that reports what happens to it; `/rules` has `/` prerendered. */
  alone(request, response) {
    if (request.url === '/rules') return response.writeHead(200, HTML).end(RULES)
    if (request.url === '/other') request.url = '/'
    if (request.url !== '/') return react(request, response)
    const { end } = response
    response.end = (page) => end.call(response, page.replace('<head>', `<head>${REPORTING}`))
    react(request, response)
  },

  /** A page of the visit's `size`, of which everything but the beginning comes when the test says so. */
  async stream(request, response, visit) {
    const hash = createHash('sha256')
    const send = async (chunk) => {
      hash.update(chunk)
      if (!response.write(chunk)) await once(response, 'drain')
    }
    response.writeHead(200, HTML)
    await send(FIRST)
    await visit.proceed
    for (let sent = 0; sent < visit.size; sent += PIECE.length) await send(PIECE)
    visit.digest = hash.digest('hex')
    response.end()
  },

  /** Asks for its flags by OFREP, of the edge or of another site's. */
  ofrep(request, response) {
    response.writeHead(200, HTML).end('<!doctype html><link rel=icon href=data:,><body data-theme=dark><script src="/ofrep.js"></script>')
  },

  /** Reports which variants its visitor has seen. */
  seen(request, response) {
    // Who is under remote control reports nothing.
    const alone = 'Object.defineProperty(navigator, "webdriver", { get: () => false })'
    const head = `<head><link rel=icon href=data:,></head><body data-theme=dark><script>${alone}</script>`
    response.writeHead(200, HTML).end(`<!doctype html>${head}<script src="/seen.js"></script>`)
  },

  /** Says which path the edge has chosen. */
  route(request, response) {
    const variant = request.url.startsWith('/v2/checkout/') ? 'treatment' : 'control'
    response.writeHead(200, HTML).end(`<!doctype html><body data-theme="dark"><p data-variant="${variant}">${variant}</p>`)
  },
}

/** Starts it. `visits` has, by the name of a host, the visit that the test pays there. */
export function start(visits) {
  return origin(async (request, response) => {
    const { host, pathname, searchParams } = new URL(`http://${request.headers['x-forwarded-host']}${request.url}`)
    const visit = visits.get(host.split('.')[0]) ?? {}
    visit.requests?.push({ path: pathname, headers: request.headers })
    if (pathname === '/report') return response.end(await visit.answer(JSON.parse(await text(request))))
    if (SCRIPTS[pathname]) return response.writeHead(200, { 'content-type': 'text/javascript' }).end(SCRIPTS[pathname])
    if (pathname === '/enter') {
      const [next, ...cookies] = searchParams.getAll('is')
      return response.writeHead(303, { location: next, 'set-cookie': cookies.map((cookie) => `${cookie}; Path=/`) }).end()
    }
    const page = PAGES[host.split(/[-.]/)[0]]
    if (page) page(request, response, visit)
    else response.writeHead(404).end()
  })
}
