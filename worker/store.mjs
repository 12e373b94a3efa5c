// The configuration: in Workers KV, the control document in a Durable Object if one is bound. What was compiled at the edge is in the
// cache of the data center.

import { held } from './control.mjs'

/** The key of the control document. */
const CONTROL = 'control'

/**
 * Seconds for which KV keeps the control document, or a flag service's, near this isolate: the least that it allows.
 */
const CONTROL_TTL = 30
/**
 * The same for snapshots. They never change, but that a key is absent is kept for this long too, and a snapshot may reach
 * this place after the control document that names it.
 */
const SNAPSHOT_TTL = 300
/** Milliseconds that the store has to answer: while nothing is held, a visitor waits for it. */
const PATIENCE = 5_000
/** The same for the cache: about as long as it takes to compile the largest documents. */
const CACHE_PATIENCE = 200
/** Seconds for which the cache may keep what was compiled. It never changes. */
const CACHE_TTL = 86_400

/**
 * Has the engine fetch what it needs.
 *
 * Requests that come before the first configuration is there each fetch it for themselves: on this platform a promise
 * belongs to the request that made it, and ends with that. Whoever comes second finds the snapshot held.
 */
export function load(engine, env, context, url) {
  const read = async (key, isImmutable) => {
    // Until somebody writes to the object, what is in KV counts.
    const newest = key === CONTROL && env.CONTROL !== undefined ? await held(env) : null
    return newest ?? env.FLAGS.get(key, { type: 'arrayBuffer', cacheTtl: isImmutable ? SNAPSHOT_TTL : CONTROL_TTL })
  }
  const inStore = (key, isImmutable) => inTime(read(key, isImmutable), PATIENCE)
  return engine.fetch(inStore, compiled(env, context, url), Date.now)
}

/**
 * What isolates of this data center have compiled. Each version of the Worker has its own, since it may compile to something else. The
 * platform wants the host of the Worker in keys, which that of the request's `url` is.
 */
function compiled({ VERSION }, context, url) {
  if (VERSION === undefined) return { read: () => null, keep() {} }
  const at = (key) => new URL(`/.well-known/flagstone/${VERSION.id}/${key}`, url)
  const open = () => caches.open('flagstone')
  const read = async (key) => {
    const found = await (await open()).match(at(key))
    return found === undefined ? null : found.arrayBuffer()
  }
  const put = async (key, bytes) => {
    const response = new Response(bytes, { headers: { 'cache-control': `max-age=${CACHE_TTL}` } })
    await (await open()).put(at(key), response)
    console.log(`flagstone: \`${key}\` is kept, ${bytes.byteLength} bytes`)
  }
  const keep = (key, bytes) => context.waitUntil(put(key, bytes).catch((error) => console.error(`flagstone: \`${key}\`:`, error)))
  return { read: (key) => inTime(read(key), CACHE_PATIENCE), keep }
}

/** What a promise gives, if that is in time. */
function inTime(promise, patience) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, patience, new Error('no answer in time'))
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
