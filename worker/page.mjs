// Puts an element into a page while the page streams by.

import { MORE, NOWHERE } from './wire.mjs'

/** So much of a page is looked at for the place. */
const LIMIT = 65_537

/**
 * The page in `body` with an element put in. Each chunk goes on as it has come; as soon as the element is in, the runtime
 * moves the rest by itself.
 */
export function withElement(engine, body, element) {
  // Cloudflare's own lets the runtime move bytes without JavaScript.
  const { readable, writable } = new (globalThis.IdentityTransformStream ?? TransformStream)()
  // Who reads the page learns of its errors.
  pass(engine, body, writable, new TextEncoder().encode(element)).catch(() => {})
  return readable
}

async function pass(engine, body, writable, element) {
  const reader = body.getReader()
  const writer = writable.getWriter()
  try {
    let seen = new Uint8Array(0)
    for (let place = MORE; place === MORE; ) {
      const { done, value } = await reader.read()
      if (done) return await writer.close()
      const before = seen.length
      seen = joined(seen, value)
      place = placeIn(engine, seen)
      if (place < 0) {
        await writer.write(value)
        continue
      }
      await writer.write(value.subarray(0, place - before))
      await writer.write(element)
      await writer.write(value.subarray(place - before))
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {})
    return writer.abort(error)
  }
  reader.releaseLock()
  writer.releaseLock()
  return body.pipeTo(writable)
}

/** A page is worth more than what goes into it: when the wasm breaks, nothing does. */
function placeIn(engine, seen) {
  try {
    return engine.place(seen)
  } catch (error) {
    console.error('flagstone: a page stays as it is:', error)
    return NOWHERE
  }
}

function joined(seen, chunk) {
  const all = new Uint8Array(Math.min(seen.length + chunk.length, LIMIT))
  all.set(seen)
  all.set(chunk.subarray(0, all.length - seen.length), seen.length)
  return all
}
