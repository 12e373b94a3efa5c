import { readFile } from 'node:fs/promises'
import { openWith, type Snapshot } from './snapshot.js'

export * from './snapshot.js'

let module: Promise<WebAssembly.Module> | undefined

/** Opens a snapshot. `bytes` are copied. Rejects if they are no snapshot, or a damaged one. */
export async function open(bytes: Uint8Array): Promise<Snapshot> {
  module ??= readFile(new URL('./flagstone.wasm', import.meta.url)).then((wasm) => WebAssembly.compile(wasm))
  return openWith(await module, bytes)
}
