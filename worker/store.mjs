// The configuration: in Workers KV, the control document in a Durable Object if one is bound.

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

/**
 * Has the engine fetch what it needs.
 *
 * Requests that come before the first configuration is there each fetch it for themselves: on this platform a promise
 * belongs to the request that made it, and ends with that. Whoever comes second finds the snapshot held.
 */
export function load(engine, env) {
  const read = async (key, isImmutable) => {
    // Until somebody writes to the object, what is in KV counts.
    const newest = key === CONTROL && env.CONTROL !== undefined ? await held(env) : null
    return newest ?? env.FLAGS.get(key, { type: 'arrayBuffer', cacheTtl: isImmutable ? SNAPSHOT_TTL : CONTROL_TTL })
  }
  return engine.fetch((key, isImmutable) => inTime(read(key, isImmutable)), Date.now)
}

/** What a promise gives, if that is in time. */
function inTime(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, PATIENCE, new Error('no answer in time'))
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
