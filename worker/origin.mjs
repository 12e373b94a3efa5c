// Requests to origins, and their responses.

import { apply } from './headers.mjs'
import { withElement } from './page.mjs'

/** So many bytes of a response can be kept until all of them are there. */
const HELD = 65_536
/** On a `Vary` with other names Cloudflare's cache is not used. */
const VARY = { default: { action: 'bypass' }, headers: { 'feature-flags': { action: 'passthrough' } } }

/**
 * Sends `request` as the plan says: to its origin, path and query, with its headers. Gives the promise of the response.
 *
 * The variable or binding `ORIGIN_<NAME>` says where the origin is (in capitals, `_` for `-`): a URL, which is put before
 * the path, or a service binding, which sees the visitor's own host and `request.cf`. The body stays a stream that the
 * runtime moves, and a redirect is passed on to the visitor. Throws when there is no such origin; nothing has been sent
 * then. `body` is there if it was read, so that it can be sent again.
 */
export function send(plan, request, env, body) {
  const variable = `ORIGIN_${plan.origin.toUpperCase().replaceAll('-', '_')}`
  const origin = env[variable]
  if (origin === undefined) throw new Error(`there is no variable or binding \`${variable}\``)
  if (typeof origin !== 'string') {
    const url = request.url.slice(0, pathStart(request.url)) + plan.pathAndQuery
    // Not `cf` of each request: the runtime keeps it as text until somebody reads it, and then has to write it again.
    const again = () => ({ method: request.method, headers: request.headers, cf: request.cf, body, redirect: 'manual' })
    const copy = new Request(url, body === undefined ? request : again())
    apply(copy.headers, plan.requestEdits)
    // Alone: with a second argument the runtime copies it once more.
    return origin.fetch(copy)
  }
  const url = withoutSlash(origin) + plan.pathAndQuery
  const headers = new Headers(request.headers)
  apply(headers, plan.requestEdits)
  // Not a copy of the request: that takes twice the time, most of it for what a URL's server does not see.
  const init = { method: request.method, headers, body: body ?? request.body, redirect: 'manual' }
  if (plan.cacheKey !== '') keepApart(init, plan.cacheKey, url, env.FLAGSTONE_CACHE)
  return fetch(url, init)
}

/**
 * Sends `request` and waits for the head of the response; if the plan has a fallback, also for a short body: one that breaks
 * off is a failure too. Promises the response and its body, if that was waited for, or how the attempt failed; and the milliseconds
 * that it took. `flight` is told what is there so far.
 *
 * What has not come in time is given up, and ends with the visitor's request: to be able to end it at once, each request would
 * need an `AbortController`, which costs more than the timer.
 */
export function attempt(plan, request, env, body, flight) {
  const begin = Date.now()
  return new Promise((resolve) => {
    let hasEnded = false
    const end = (ended) => {
      if (hasEnded) return
      hasEnded = true
      clearTimeout(timer)
      flight.held = ended.held
      ended.took = Date.now() - begin
      resolve(ended)
    }
    const fail = (failure, error) => {
      console.error(`flagstone: origin \`${plan.origin}\`:`, error)
      end({ failure })
    }
    const failed = (error) => fail('connection', error)
    const late = () => {
      // Nobody is to wait for it.
      flight.answer = null
      fail('timeout', 'no answer in time')
    }
    const timer = plan.timeout > 0 ? setTimeout(late, plan.timeout) : undefined
    const answered = (response) => {
      if (!plan.hasFallback || !isShort(request, response)) end({ response })
      else response.arrayBuffer().then((held) => end({ response, held }), failed)
    }
    try {
      flight.answer = send(plan, request, env, body)
    } catch (error) {
      return failed(error)
    }
    flight.answer.then(answered, failed)
  })
}

/** Whether the body is of a known length that can be kept. What is compressed would be unpacked. */
function isShort({ method }, { body, headers }) {
  const length = Number.parseInt(headers.get('content-length'), 10)
  return body !== null && method !== 'HEAD' && length <= HELD && !headers.has('content-encoding')
}

/** The visitor's response: the origin's with the plan's headers; status, body and an upgraded socket go along. */
export function respond(engine, plan, response) {
  const copy = new Response(response.body, response)
  // The copy's, since each object of the platform's that is asked for has to be made.
  const changes = engine.respond(plan, response.status, copy.headers)
  return changed(engine, plan, copy, changes)
}

/** The same with changes that are known already, and the body, if it was waited for. */
export function respondWith(engine, plan, { response, held }, changes) {
  return changed(engine, plan, new Response(held ?? response.body, response), changes)
}

function changed(engine, plan, copy, { edits, element }) {
  const { headers } = copy
  apply(headers, plan.responseEdits)
  apply(headers, edits)
  if (element !== '' && copy.body !== null) return new Response(withElement(engine, copy.body, element), copy)
  return copy
}

/** The visitor's response when the origin cannot be reached. */
export function unreachable(engine, plan) {
  const { status, edits, body } = engine.unreachable(plan)
  const response = new Response(body, { status })
  apply(response.headers, edits)
  return response
}

/** Has Cloudflare's cache keep responses apart that depend on the flags in `key`, by `FLAGSTONE_CACHE`. */
function keepApart(init, key, url, mode) {
  if (mode === 'key') init.cf = { cacheKey: `${url}#${key}` }
  // The origin says `Vary: Feature-Flags`, and the cache keeps a copy for each value of the header.
  else if (mode === 'vary') init.cf = { vary: VARY }
  // Right without anybody's help.
  else init.cache = 'no-store'
}

/** Where a URL's path begins. */
function pathStart(url) {
  return url.indexOf('/', url.indexOf('://') + 3)
}

function withoutSlash(url) {
  return url.endsWith('/') ? url.replace(/\/+$/, '') : url
}
