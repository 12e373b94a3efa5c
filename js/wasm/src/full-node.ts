import { readFile } from 'node:fs/promises'
import { again } from './again.js'
import { openWith, type Snapshot } from './full.js'

export * from './full.js'

const compiled = again(async () => WebAssembly.compile(await readFile(new URL('./full.wasm', import.meta.url))))

/** Opens a snapshot. `bytes` are copied. Rejects if they are no snapshot, or a damaged one. */
export async function open(bytes: Uint8Array): Promise<Snapshot> {
  return openWith(await compiled(), bytes)
}
