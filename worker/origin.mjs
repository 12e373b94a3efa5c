// Requests to origins, and their responses.

import { apply } from './headers.mjs'

/** Options of Cloudflare's own, by which its cache keeps responses apart that depend on flags: `FLAGSTONE_CACHE`. */
const CACHES = {
  /** A copy for each set of variants. */
  key: (key, url) => ({ cf: { cacheKey: `${url}#${key}` } }),
  /** A copy for each `Feature-Flags`; the origin says `Vary` so. On a `Vary` with other names the cache is not used. */
  vary: () => ({ cf: { vary: VARY } }),
}
const VARY = { default: { action: 'bypass' }, headers: { 'feature-flags': { action: 'passthrough' } } }
/** Right without anybody's help. */
const BYPASS = () => ({ cache: 'no-store' })

/**
 * Sends `request` as the plan says: to its origin, path and query, with its headers. Gives the promise of the response.
 *
 * The variable or binding `ORIGIN_<NAME>` says where the origin is (in capitals, `_` for `-`): a URL, which is put before
 * the path, or a service binding, which sees the visitor's own host. The body stays a stream that the runtime moves, and
 * a redirect is passed on to the visitor. Throws when there is no such origin; nothing has been sent then.
 */
export function send(plan, request, env) {
  const variable = `ORIGIN_${plan.origin.toUpperCase().replaceAll('-', '_')}`
  const origin = env[variable]
  if (origin === undefined) throw new Error(`there is no variable or binding \`${variable}\``)
  if (typeof origin !== 'string') {
    return origin.fetch(copy(plan, request, request.url.slice(0, pathStart(request.url)) + plan.pathAndQuery))
  }
  const url = origin.replace(/\/+$/, '') + plan.pathAndQuery
  const sent = copy(plan, request, url)
  if (plan.cacheKey === '') return fetch(sent)
  return fetch(sent, (Object.hasOwn(CACHES, env.FLAGSTONE_CACHE) ? CACHES[env.FLAGSTONE_CACHE] : BYPASS)(plan.cacheKey, url))
}

/** The visitor's response: the origin's with the plan's headers; status, body and an upgraded socket go along. */
export function respond(engine, plan, response) {
  const edits = engine.respond(plan, response.status, response.headers)
  const copy = new Response(response.body, response)
  apply(copy.headers, plan.responseEdits)
  apply(copy.headers, edits)
  return copy
}

/** The visitor's response when the origin cannot be reached. */
export function unreachable(engine, plan) {
  const { status, edits, body } = engine.unreachable(plan)
  const response = new Response(body, { status })
  apply(response.headers, edits)
  return response
}

/** A request to `url` with the plan's headers, which takes over everything else, the body included. */
function copy(plan, request, url) {
  const copy = new Request(url, request)
  apply(copy.headers, plan.requestEdits)
  return copy
}

/** Where a URL's path begins. */
function pathStart(url) {
  return url.indexOf('/', url.indexOf('://') + 3)
}
