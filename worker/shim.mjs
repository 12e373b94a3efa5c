// The Worker's entry. It has the wasm plan each request and carries the plan out, and answers itself when the wasm
// cannot:
//
// - A request that no origin has seen goes to the stable origin, without our own headers, body and all.
// - A request that is already at an origin gets that origin's response. It is never sent a second time, except
//   with a safe method (RFC 9110, 9.2.1) after that origin failed.
// - What is left, an unsafe request whose origin failed too, gets 502.
//
// Each such response says so in `Flagstone-Status`, and no cache may keep it: it lacks the `Vary` and the cookies
// that the wasm would have added. The broken instance is replaced before the next call. Other requests do not notice:
// between its calls the wasm holds nothing of them.

import module from './pkg/flagstone.wasm'
import { answer } from './answer.mjs'
import { manage } from './control.mjs'
import { REMOVE, REMOVE_PREFIX, SET, apply } from './headers.mjs'
import { attempt, isBodiless, respond } from './origin.mjs'
import { report } from './reports.mjs'
import { load } from './store.mjs'
import { Engine, LOAD, REFRESH } from './wire.mjs'

export { ControlDocument } from './control.mjs'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** What Cloudflare calls the fields of a client's place. */
const GEO = {
  country: 'country',
  region: 'regionCode',
  city: 'city',
  continent: 'continent',
  postal_code: 'postalCode',
  asn: 'asn',
  timezone: 'timezone',
  latitude: 'latitude',
  longitude: 'longitude',
}

const visitor = {
  geo: (request, field) => request.cf?.[GEO[field]]?.toString(),
  address: (request) => request.headers.get('cf-connecting-ip'),
}

let engine

export default {
  // Promises are made only where something has to be waited for: each costs as much as a look at several headers.
  fetch(request, env, context) {
    const flight = { answer: undefined, held: undefined }
    const rescued = (error) => {
      console.error('flagstone: answering without the wasm:', error)
      return withoutWasm(request, env, flight)
    }
    const managed = manage(request, env)
    if (managed !== undefined) return managed
    try {
      const { step, plan } = whole(env).serve(request, visitor, Date.now())
      if (step === LOAD) {
        const planned = load(whole(env), env, context, request.url).then(() => whole(env).plan(request, visitor, Date.now()))
        return planned.then((plan) => carryOut(plan, request, env, context, flight, rescued)).catch(rescued)
      }
      // Beside the response, which does not wait for it.
      if (step === REFRESH) context.waitUntil(load(whole(env), env, context, request.url))
      return carryOut(plan, request, env, context, flight, rescued)
    } catch (error) {
      return rescued(error)
    }
  },
}

/**
 * Sends the request to its origin, and if that has failed and the engine says so, to the fallback; makes the visitor's response.
 *
 * `flight.answer` becomes the promise of the origin's response once the request is on its way there, `flight.held` its body, if
 * that was waited for; what fails from then on is `rescued`. Without a plan the request is for the edge itself: no origin may see it.
 */
function carryOut(plan, request, env, context, flight, rescued) {
  if (plan === undefined) return answer(whole, request, visitor, env, context).catch(unanswered)
  const first = (again, body) => tryFirst(plan, request, env, context, flight, rescued, again, body)
  if (!plan.hasFallback || request.body === null) return first(request)
  if (isBodiless(request.method)) return first(request.clone())
  return request.arrayBuffer().then((body) => first(request, body), rescued)
}

/** The fallback gets `again`, a request with the same body, if it is not in `body`. */
function tryFirst(plan, request, env, context, flight, rescued, again, body) {
  // It is the platform that calls what comes next, and nobody would see that it throws.
  const guarded = (next) => (attempted) => {
    try {
      return next(attempted)
    } catch (error) {
      return rescued(error)
    }
  }
  const told = (plan, { response }, { due, changes }) => {
    report(() => whole(env), env, context, due)
    return respond(whole(env), plan, response, changes)
  }
  const tryFallback = (first) => {
    const fallback = whole(env).fallback(plan, request, visitor)
    const next = (second) => told(fallback, second, whole(env).ended(plan, first, fallback, second, Date.now()))
    return attempt(fallback, again, env, body, flight, guarded(next))
  }
  const next = (first) => {
    if (plan.isWatched || plan.hasFallback) {
      const ended = whole(env).ended(plan, first, undefined, undefined, Date.now())
      return ended.failsOver ? tryFallback(first) : told(plan, first, ended)
    }
    const { response } = first
    return respond(whole(env), plan, response, response && whole(env).respond(plan, response.status, response.headers))
  }
  return attempt(plan, request, env, body, flight, guarded(next))
}

/** The isolate's engine, a new one if it has broken. */
function whole(env) {
  if (engine === undefined || engine.isBroken) {
    const log = (at, size) => console.error('flagstone:', new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, size)))
    const { exports } = new WebAssembly.Instance(module, { shim: { log } })
    exports.start(Number.parseInt(env.FLAGSTONE_CONTROL_TTL_SECONDS, 10))
    engine = new Engine(exports)
    if (env.FLAGSTONE_GOALS_KEY) engine.signWith(env.FLAGSTONE_GOALS_KEY)
    // Before it has a configuration it may be given responses of requests that another instance has planned.
    engine.learn()
  }
  return engine
}

async function withoutWasm(request, env, flight) {
  try {
    const response = await flight.answer
    if (response && (flight.held || !response.bodyUsed)) return marked(response, flight.held)
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

/** Sends `request` to the stable origin: what the wasm plans without a configuration, in little. */
function fromStable(request, env) {
  const origin = env.ORIGIN_STABLE
  const { host, pathname, protocol, search } = new URL(request.url)
  const isUrl = typeof origin === 'string'
  const copy = new Request(isUrl ? origin.replace(/\/+$/, '') + pathname + search : request.url, request)
  apply(copy.headers, [
    ...[REMOVE_PREFIX, 'flagstone-', ''],
    ...[REMOVE, 'feature-flags', ''],
    ...[SET, 'x-forwarded-host', host],
    ...[SET, 'x-forwarded-proto', protocol.slice(0, -1)],
  ])
  return isUrl ? fetch(copy) : origin.fetch(copy)
}

function unanswered(error) {
  console.error('flagstone: no answer:', error)
  return marked(Response.json({ errorDetails: 'the edge has failed' }, { status: 500 }))
}

function marked(response, body = response.body) {
  const copy = new Response(body, response)
  copy.headers.delete('Feature-Flags')
  copy.headers.set('Flagstone-Status', 'flagstone; error="wasm-trap"')
  copy.headers.set('Cache-Control', 'no-store')
  // Caches to which these speak would not read the one before.
  for (const name of ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control']) copy.headers.delete(name)
  return copy
}
