// The Worker's entry. It hands each request to the wasm, and answers itself when the wasm cannot:
//
// - A request that no origin has seen goes to the stable origin, without our own headers, body and all.
// - A request that is already at an origin gets that origin's response. It is never sent a second time, except
//   with a safe method (RFC 9110, 9.2.1) after that origin failed.
// - What is left, an unsafe request whose origin failed too, gets 502.
//
// Each such response says so in `Flagstone-Status`, and no cache may keep it: it lacks the `Vary` and the cookies
// that the wasm would have added. The damaged instance is replaced before the next request.

import module from './pkg/index_bg.wasm'
import * as wasm from './pkg/index.js'
import { abandon, guarded } from './guard.mjs'
import { removePrefix } from './headers.mjs'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

try {
  wasm.initSync({ module })
} catch (error) {
  // Every call below fails from now on, and every request goes to the stable origin.
  console.error('flagstone: the wasm does not start:', error)
}

// Traps in a microtask, that is after an `await` in the wasm, reach nobody's `catch`.
addEventListener('error', (event) => trapped(event.error))
addEventListener('unhandledrejection', (event) => trapped(event.reason))

export default {
  async fetch(request, env, ctx) {
    const flight = { answer: undefined }
    try {
      return await guarded(request, flight, async () => wasm.fetch(request, env, ctx))
    } catch (error) {
      trapped(error)
      console.error('flagstone: answering without the wasm:', error)
      return withoutWasm(request, env, flight)
    }
  },
}

/** Replaces the instance if `error` is a trap, which leaves it in no defined state. */
function trapped(error) {
  // A RangeError is the engine's own stack overflow.
  if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) return
  try {
    wasm.replaceInstance()
  } finally {
    // Whoever replaces the instance hands back what it was serving.
    abandon(error.message)
  }
}

async function withoutWasm(request, env, flight) {
  try {
    const response = await flight.answer
    if (response && !response.bodyUsed) return marked(response)
  } catch {
    // That origin failed as well.
  }
  const unsent = flight.answer === undefined || SAFE.has(request.method)
  if (unsent && !request.bodyUsed) {
    try {
      return marked(await fromStable(request, env))
    } catch (error) {
      console.error('flagstone: the stable origin failed:', error)
    }
  }
  return marked(new Response(null, { status: 502 }))
}

/** Sends `request` to the stable origin: what `Plan::pass_through` and `worker/src/origin.rs` do, in little. */
function fromStable(request, env) {
  const origin = env.ORIGIN_STABLE
  const { host, pathname, protocol, search } = new URL(request.url)
  const isUrl = typeof origin === 'string'
  const copy = new Request(isUrl ? origin.replace(/\/+$/, '') + pathname + search : request.url, request)
  copy.headers.delete('feature-flags')
  removePrefix(copy.headers, 'flagstone-')
  copy.headers.set('X-Forwarded-Host', host)
  copy.headers.set('X-Forwarded-Proto', protocol.slice(0, -1))
  return isUrl ? fetch(copy) : origin.fetch(copy)
}

function marked(response) {
  const copy = new Response(response.body, response)
  copy.headers.delete('Feature-Flags')
  copy.headers.set('Flagstone-Status', 'flagstone; error="wasm-trap"')
  copy.headers.set('Cache-Control', 'no-store')
  return copy
}
