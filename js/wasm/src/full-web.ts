import { fetched } from './fetched.js'
import { openWith, type Snapshot } from './full.js'

export * from './full.js'

// Bundlers know this form, and put the file beside their own.
const compiled = fetched(new URL('./full.wasm', import.meta.url))

/** Opens a snapshot. `bytes` are copied. Rejects if they are no snapshot, or a damaged one; or if the wasm cannot be loaded. */
export async function open(bytes: Uint8Array): Promise<Snapshot> {
  return openWith(await compiled(), bytes)
}
