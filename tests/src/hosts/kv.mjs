// Cloudflare's HTTP interface for values of Workers KV, over Miniflare's store: what the command line speaks to in place of
// https://api.cloudflare.com/client/v4. The account is `acc`, the namespace `flags`, the token `secret`.

import { createServer } from 'node:http'

const VALUES = '/accounts/acc/storage/kv/namespaces/flags/values/'
/** A key takes one write in so many milliseconds. */
const PAUSE = 1_000

/** Promises the interface's URL. */
export async function serve(namespace) {
  const written = new Map()

  /** Promises status and body. */
  const answer = async (request) => {
    if (request.headers.authorization !== 'Bearer secret') return refusal(401, 10000, 'Authentication error')
    if (!request.url.startsWith(VALUES)) return refusal(404, 7003, 'Could not route to this path')
    const key = decodeURIComponent(request.url.slice(VALUES.length))
    if (request.method === 'GET') {
      const value = await namespace.get(key, 'arrayBuffer')
      return value === null ? refusal(404, 10009, "get: 'key not found'") : [200, Buffer.from(value)]
    }
    if (request.method !== 'PUT') return refusal(405, 10405, 'Method not allowed')
    const now = Date.now()
    if (now - (written.get(key) ?? 0) < PAUSE) return refusal(429, 10013, 'Too many writes to this key')
    written.set(key, now)
    const parts = []
    for await (const part of request) parts.push(part)
    await namespace.put(key, Buffer.concat(parts))
    return [200, JSON.stringify({ success: true, errors: [], messages: [], result: null })]
  }

  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request).catch((error) => refusal(500, 10001, String(error)))
    response.writeHead(status).end(body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return `http://127.0.0.1:${server.address().port}`
}

function refusal(status, code, message) {
  return [status, JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null })]
}
