// Requests to origins, and their responses.

import { apply } from './headers.mjs'

/** On a `Vary` with other names Cloudflare's cache is not used. */
const VARY = { default: { action: 'bypass' }, headers: { 'feature-flags': { action: 'passthrough' } } }

/**
 * Sends `request` as the plan says: to its origin, path and query, with its headers. Gives the promise of the response.
 *
 * The variable or binding `ORIGIN_<NAME>` says where the origin is (in capitals, `_` for `-`): a URL, which is put before
 * the path, or a service binding, which sees the visitor's own host and `request.cf`. The body stays a stream that the
 * runtime moves, and a redirect is passed on to the visitor. Throws when there is no such origin; nothing has been sent
 * then.
 */
export function send(plan, request, env) {
  const variable = `ORIGIN_${plan.origin.toUpperCase().replaceAll('-', '_')}`
  const origin = env[variable]
  if (origin === undefined) throw new Error(`there is no variable or binding \`${variable}\``)
  if (typeof origin !== 'string') {
    const copy = new Request(request.url.slice(0, pathStart(request.url)) + plan.pathAndQuery, request)
    apply(copy.headers, plan.requestEdits)
    return origin.fetch(copy)
  }
  const url = withoutSlash(origin) + plan.pathAndQuery
  const headers = new Headers(request.headers)
  apply(headers, plan.requestEdits)
  // Not a copy of the request: that takes twice the time, most of it for what a URL's server does not see.
  const init = { method: request.method, headers, body: request.body, redirect: 'manual' }
  if (plan.cacheKey !== '') keepApart(init, plan.cacheKey, url, env.FLAGSTONE_CACHE)
  return fetch(url, init)
}

/** The visitor's response: the origin's with the plan's headers; status, body and an upgraded socket go along. */
export function respond(engine, plan, response) {
  const copy = new Response(response.body, response)
  // The copy's, since each object of the platform's that is asked for has to be made.
  const { headers } = copy
  const edits = engine.respond(plan, response.status, headers)
  apply(headers, plan.responseEdits)
  apply(headers, edits)
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
