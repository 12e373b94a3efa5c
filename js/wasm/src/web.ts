import { openWith, type Snapshot } from './snapshot.js'

export * from './snapshot.js'

let module: Promise<WebAssembly.Module> | undefined

/** Opens a snapshot. `bytes` are copied. Rejects if they are no snapshot, or a damaged one. */
export async function open(bytes: Uint8Array): Promise<Snapshot> {
  // Bundlers know this form, and put the file beside their own.
  module ??= WebAssembly.compileStreaming(fetch(new URL('./flagstone.wasm', import.meta.url)))
  return openWith(await module, bytes)
}
