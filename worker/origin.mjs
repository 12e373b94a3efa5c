// Requests to origins, and their responses.

import { apply } from './headers.mjs'
import { withElement } from './page.mjs'

/** The variables of origins, by their names: there are few. */
const variables = new Map()
/** So many bytes of a response can be kept until all of them are there. */
const HELD = 65_536
/** Milliseconds after the head for which they are waited for; then the body counts as broken off. */
const STALLED = 10_000
/**
 * What some origins take for another method, host or path, so that the platform's own key has them: a visitor could have a cache keep
 * for all what only these ask for.
 */
const UNKEYED = ['forwarded', 'x-host', 'x-forwarded-scheme', 'x-http-method', 'x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url']
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
  const variable = variableOf(plan.origin)
  const origin = env[variable]
  if (origin === undefined) throw new Error(`there is no variable or binding \`${variable}\``)
  if (typeof origin !== 'string') {
    const visited = request.url
    const url = visited.slice(0, pathStart(visited)) + plan.pathAndQuery
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
  const { method } = request
  const init = { headers, redirect: 'manual' }
  if (plan.cacheKey !== '') keepApart(init, plan, request, url, env.FLAGSTONE_CACHE)
  // Not a copy of the request, if it can be: that takes twice the time, most of it for what a URL's server does not see.
  if (request.body !== null && isBodiless(method)) return fetch(new Request(url, request), init)
  init.method = method
  init.body = body ?? request.body
  return fetch(url, init)
}

/** Whether the platform lets no request with this method be made with a body: it takes one from a request that has come with it. */
export function isBodiless(method) {
  return method === 'GET' || method === 'HEAD'
}

/**
 * Sends `request` and waits for the head of the response; if the plan has a fallback, also for a short body: one that breaks
 * off is a failure too. Gives what `next` gives, or its promise: it is called once, with the visitor's copy of the response, or how
 * the attempt failed, and the milliseconds until the head or the failure. `flight` is told what is there so far.
 *
 * What has not come in time is given up, and ends with the visitor's request: to be able to end it at once, each request would
 * need an `AbortController`, which costs more than the timer.
 */
export function attempt(plan, request, env, body, flight, next) {
  const begin = Date.now()
  // The clock may go back.
  const passed = () => Math.max(0, Date.now() - begin)
  let isLate = false
  let timer
  let expect = () => {}
  const failed = (error, failure = 'connection') => {
    console.error(`flagstone: origin \`${plan.origin}\`:`, error)
    return next({ response: undefined, failure, took: passed() })
  }
  /** What has come, or has failed, is of use only in time. */
  const inTime = (then) => (value) => {
    if (isLate) return undefined
    clearTimeout(timer)
    return then(value)
  }
  const broken = inTime((error) => failed(error))
  // The copy is asked for its headers, not the response: each object of the platform's that is asked for has to be made.
  const answered = (response) => {
    const took = passed()
    const ended = (body) => {
      let copy
      try {
        copy = new Response(body, response)
      } catch (error) {
        // The platform takes statuses from origins that it does not let visitors have.
        return failed(error)
      }
      return next({ response: copy, failure: undefined, took })
    }
    if (!plan.hasFallback || !isShort(request, response)) return ended(response.body)
    expect(STALLED, 'connection')
    const held = inTime((body) => ended((flight.held = body)))
    return response.arrayBuffer().then(held, broken)
  }
  flight.held = undefined
  try {
    flight.answer = send(plan, request, env, body)
  } catch (error) {
    return failed(error)
  }
  const outcome = flight.answer.then(inTime(answered), broken)
  if (plan.timeout === 0) return outcome
  return new Promise((resolve) => {
    expect = (millis, failure) => {
      const late = () => {
        isLate = true
        // Nobody is to wait for it.
        flight.answer = null
        resolve(failed('no answer in time', failure))
      }
      timer = setTimeout(late, millis)
    }
    expect(plan.timeout, 'timeout')
    outcome.then(resolve)
  })
}

/** Whether the body is of a known length that can be kept. What is compressed would be unpacked. */
function isShort({ method }, { body, headers }) {
  const length = Number.parseInt(headers.get('content-length'), 10)
  return body !== null && method !== 'HEAD' && length <= HELD && !headers.has('content-encoding')
}

/**
 * The visitor's response: the copy of the origin's, with the plan's headers and with these changes; status, body and an upgraded
 * socket have come along. Without a response, that the origin cannot be reached.
 */
export function respond(engine, plan, copy, changes) {
  if (copy === undefined) return unreachable(engine, plan)
  const { edits, element } = changes
  const { headers } = copy
  apply(headers, plan.responseEdits)
  apply(headers, edits)
  if (element !== '' && copy.body !== null) return new Response(withElement(engine, copy.body, element), copy)
  return copy
}

function unreachable(engine, plan) {
  const { status, edits, body } = engine.unreachable(plan)
  const response = new Response(body, { status })
  apply(response.headers, edits)
  return response
}

/** Has Cloudflare's cache keep responses apart that depend on the flags in the plan's key, by `FLAGSTONE_CACHE`. */
function keepApart(init, { cacheKey, isTold }, request, url, mode) {
  if (mode === 'key' && !UNKEYED.some((name) => request.headers.has(name))) {
    // What the platform's own key has besides is not in this one: the visitor's host, and what CORS goes by.
    const visited = request.url.slice(0, pathStart(request.url))
    init.cf = { cacheKey: [url, visited, request.headers.get('origin') ?? '', cacheKey].join('#') }
  }
  // The origin says `Vary: Feature-Flags`, and the cache keeps a copy for each value of the header, if that says all.
  else if (mode === 'vary' && isTold) init.cf = { vary: VARY }
  // Right without anybody's help.
  else init.cache = 'no-store'
}

function variableOf(origin) {
  let variable = variables.get(origin)
  if (variable === undefined) {
    variable = `ORIGIN_${origin.toUpperCase().replaceAll('-', '_')}`
    variables.set(origin, variable)
  }
  return variable
}

/** Where a URL's path begins. */
function pathStart(url) {
  return url.indexOf('/', url.indexOf('://') + 3)
}

function withoutSlash(url) {
  return url.endsWith('/') ? url.replace(/\/+$/, '') : url
}
