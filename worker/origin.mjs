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
 * then. `body` is there if it was read, so that it can be sent again; `signal` ends the attempt.
 */
export function send(plan, request, env, body, signal) {
  const variable = `ORIGIN_${plan.origin.toUpperCase().replaceAll('-', '_')}`
  const origin = env[variable]
  if (origin === undefined) throw new Error(`there is no variable or binding \`${variable}\``)
  if (typeof origin !== 'string') {
    const url = request.url.slice(0, pathStart(request.url)) + plan.pathAndQuery
    const { method, headers, cf } = request
    const copy = new Request(url, body === undefined ? request : { method, headers, cf, body, redirect: 'manual' })
    apply(copy.headers, plan.requestEdits)
    return origin.fetch(copy, { signal })
  }
  const url = withoutSlash(origin) + plan.pathAndQuery
  const headers = new Headers(request.headers)
  apply(headers, plan.requestEdits)
  // Not a copy of the request: that takes twice the time, most of it for what a URL's server does not see.
  const init = { method: request.method, headers, body: body ?? request.body, redirect: 'manual', signal }
  if (plan.cacheKey !== '') keepApart(init, plan.cacheKey, url, env.FLAGSTONE_CACHE)
  return fetch(url, init)
}

/**
 * Sends `request` and waits for the head of the response; if the plan has a fallback, also for a short body: one that breaks
 * off is a failure too. Gives the response or how it failed, and the milliseconds that it took. `sent` is told the promise of
 * the response once the request is on its way.
 */
export async function attempt(plan, request, env, body, sent) {
  const begin = Date.now()
  const abort = plan.timeout > 0 ? new AbortController() : undefined
  const timer = abort && setTimeout(() => abort.abort(), plan.timeout)
  try {
    const answer = send(plan, request, env, body, abort?.signal)
    sent(answer)
    const response = await answer
    const took = Date.now() - begin
    return { response: plan.fallback && isShort(request, response) ? await held(response) : response, took }
  } catch (error) {
    console.error(`flagstone: origin \`${plan.origin}\`:`, error)
    return { failure: abort?.signal.aborted ? 'timeout' : 'connection', took: Date.now() - begin }
  } finally {
    clearTimeout(timer)
  }
}

/** Whether the body is of a known length that can be kept. What is compressed would be unpacked. */
function isShort({ method }, { body, headers }) {
  const length = Number.parseInt(headers.get('content-length'), 10)
  return body !== null && method !== 'HEAD' && length <= HELD && !headers.has('content-encoding')
}

async function held(response) {
  return new Response(await response.arrayBuffer(), response)
}

/** The visitor's response: the origin's with the plan's headers, behind them the changes in `last`; status, body and an upgraded socket go along. */
export function respond(engine, plan, response, last = []) {
  const copy = new Response(response.body, response)
  // The copy's, since each object of the platform's that is asked for has to be made.
  const { headers } = copy
  const { edits, element } = engine.respond(plan, response.status, headers)
  apply(headers, plan.responseEdits)
  apply(headers, edits)
  apply(headers, last)
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
