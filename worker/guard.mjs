// The requests that the wasm is working on.
//
// When a WebAssembly instance dies (panic, stack overflow, access out of bounds), the futures in it never settle:
// every request that it was serving would hang. So each request is registered here while it is in the wasm's
// hands, and is handed back to the shim when the instance dies. Both the shim and the wasm import this file.

/** The wasm instance that was serving a request died. */
export class Abandoned extends Error {}

const running = new Map()

/**
 * Runs `work`, which serves `request`. Rejects with `Abandoned` when the instance dies meanwhile.
 *
 * `flight.answer` becomes the promise of the origin's response once the request is on its way there.
 */
export async function guarded(request, flight, work) {
  try {
    return await new Promise((resolve, reject) => {
      running.set(request, { flight, reject })
      work().then(resolve, reject)
    })
  } finally {
    running.delete(request)
  }
}

/** Called by the wasm: `request` is on its way to an origin, whose response `answer` will be. */
export function sent(request, answer) {
  const entry = running.get(request)
  if (entry) entry.flight.answer = answer
}

/** Called by the wasm when it panics, and by the shim for every other trap. */
export function abandon(cause) {
  for (const { reject } of running.values()) reject(new Abandoned(cause))
  running.clear()
}
