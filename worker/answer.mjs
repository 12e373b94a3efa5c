// Requests that are for the edge itself: flags by OFREP, reports of exposures. The engine answers them; this is what it needs
// for that, and a stream of events where it begins one.

import { apply } from './headers.mjs'
import { load } from './store.mjs'

/** Bytes that a body may have; the engine has the same. */
const MAX_BODY = 65_536
/** Milliseconds for which events are sent on one connection; then the client makes another. */
const LISTENED = 3_600_000
/** Milliseconds between two looks at the configuration: at least, and where nothing is said. */
const [SHORTEST, USUAL] = [1_000, 30_000]

/** Answers a request. `whole` gives an engine that works. */
export async function answer(whole, request, visitor, env, context) {
  const client = request.headers.get('cf-connecting-ip') ?? ''
  // A limiter that fails refuses nobody.
  const verdict = await env.LIMITER?.limit({ key: client }).catch((error) => console.error('flagstone: the limiter:', error))
  const asked = {
    headers: request.headers,
    body: await short(request),
    key: env.FLAGSTONE_OFREP_KEY,
    isLimited: verdict?.success === false,
  }
  let reply = whole(env).answer(request, visitor, asked, Date.now())
  if (reply.isBehind) {
    await load(whole(env), env, context, request.url)
    reply = whole(env).answer(request, visitor, asked, Date.now())
  }
  if (reply.lines.length > 0) tell(reply.lines, env, context)
  const response = new Response(reply.body === '' ? null : reply.body, { status: reply.status })
  apply(response.headers, reply.edits)
  if (response.headers.get('content-type') !== 'text/event-stream') return response
  return new Response(events(whole, request, visitor, env, context, asked, reply.body), response)
}

/** A body as text; undefined if it is too long. What is no UTF-8 is no JSON either. */
async function short({ body, headers }) {
  if (body === null) return ''
  if (Number.parseInt(headers.get('content-length'), 10) > MAX_BODY) return undefined
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let [text, size] = ['', 0]
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > MAX_BODY) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Asks the engine again and again what is new since the event before. */
function events(whole, request, visitor, env, context, asked, first) {
  const { readable, writable } = new TransformStream()
  const writer = writable.getWriter()
  const encoder = new TextEncoder()
  const wished = 1_000 * Number.parseInt(env.FLAGSTONE_CONTROL_TTL_SECONDS, 10)
  const pause = Number.isNaN(wished) ? USUAL : Math.max(SHORTEST, wished)
  const headers = new Headers(asked.headers)
  const send = async (event) => {
    const id = /^id: (.*)$/m.exec(event)
    if (id) headers.set('last-event-id', id[1])
    await writer.write(encoder.encode(event))
  }
  const pump = async () => {
    await send(first)
    for (const end = Date.now() + LISTENED; Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      await load(whole(env), env, context, request.url)
      await send(whole(env).answer(request, visitor, { ...asked, headers }, Date.now()).body)
    }
    await writer.close()
  }
  // The client is gone.
  pump().catch(() => writer.abort().catch(() => {}))
  return readable
}

/** Passes exposures on to `EXPOSURES`: a queue, or a dataset of Analytics Engine. */
function tell(lines, env, context) {
  const exposures = lines.map((line) => JSON.parse(line))
  if (env.EXPOSURES?.writeDataPoint) exposures.forEach((exposure) => env.EXPOSURES.writeDataPoint(point(exposure)))
  else if (env.EXPOSURES) {
    const sent = env.EXPOSURES.sendBatch(exposures.map((body) => ({ body })))
    context.waitUntil(sent.catch((error) => console.error('flagstone: the queue did not take exposures:', error)))
  }
}

/** An exposure as Analytics Engine takes it: the flag as index; texts, then numbers, in this order. */
function point({ flag, variant, view, unit = '', time, revision = 0 }) {
  return { indexes: [flag.slice(0, 32)], blobs: [flag, variant, view, unit], doubles: [time, revision] }
}
