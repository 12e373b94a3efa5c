// What was counted, on its way to whoever adds it up.

import { NEVER } from './wire.mjs'

/** Lines that wait until the guard takes them; of too many the oldest are lost. */
const MOST = 256
/** Milliseconds after which reports that were promised count as lost with the request that was to send them. */
const PATIENCE = 5_000

const waiting = []
let promised

/**
 * Sends what was counted in `due` milliseconds, beside the response: lines to the Durable Object `GUARD`, rows to the
 * dataset `ANALYTICS` of Analytics Engine, where they are bound. One request does so for all.
 */
export function report(engine, env, context, due) {
  if (due === NEVER || !(env.GUARD || env.ANALYTICS)) return
  const now = Date.now()
  if (promised !== undefined && promised <= now + due && now < promised + PATIENCE) return
  promised = now + due
  context.waitUntil(new Promise((resolve) => setTimeout(resolve, due)).then(() => send(engine(), env)))
}

async function send(engine, env) {
  promised = undefined
  const { rollouts, tallies } = engine.reports(Date.now())
  try {
    if (env.ANALYTICS) tallies.forEach((line) => env.ANALYTICS.writeDataPoint(point(JSON.parse(line))))
  } catch (error) {
    console.error('flagstone: the dataset did not take the tally:', error)
  }
  if (!env.GUARD) return
  // The guard passes over tallies; whoever listens in its place need not.
  waiting.push(...rollouts, ...tallies)
  waiting.splice(0, waiting.length - MOST)
  const lines = waiting.splice(0)
  if (lines.length === 0) return
  try {
    const guard = env.GUARD.get(env.GUARD.idFromName('guard'))
    const { ok, status } = await guard.fetch('https://guard/lines', { method: 'POST', body: lines.join('\n') })
    if (!ok) throw new Error(`status ${status}`)
  } catch (error) {
    console.error('flagstone: the guard did not take the reports:', error)
    // Each has an id, by which the guard knows a repeat.
    waiting.unshift(...lines)
  }
}

/** A row of the tally as Analytics Engine takes it: the flag as index; texts, then numbers, in this order. */
function point(row) {
  const { flag, variant, route, stage, latency = {} } = row
  const { requests = 0, errors = 0, fallbacks = 0, guarded = 0, exposures = 0, harms = 0 } = row
  return {
    indexes: [flag.slice(0, 32)],
    blobs: [flag, variant, route, String(stage), JSON.stringify(latency)],
    doubles: [requests, errors, fallbacks, guarded, exposures, harms],
  }
}
