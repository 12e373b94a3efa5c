// Workers may not compile: they import what their upload has compiled.
import module from './full.wasm'
import { openWith, type Snapshot } from './full.js'

export * from './full.js'

/** Opens a snapshot. `bytes` are copied. Rejects if they are no snapshot, or a damaged one. */
export async function open(bytes: Uint8Array): Promise<Snapshot> {
  return openWith(module, bytes)
}
