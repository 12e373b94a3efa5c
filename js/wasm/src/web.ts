import { again } from './again.js'
import { openWith, type Snapshot } from './snapshot.js'

export * from './snapshot.js'

const compiled = again(async () => {
  // Bundlers know this form, and put the file beside their own.
  const response = await fetch(new URL('./flagstone.wasm', import.meta.url))
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`)
  // Browsers compile while it loads if it has this type, which not every server knows.
  return response.headers.get('Content-Type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer())
})

/** Opens a snapshot. `bytes` are copied. Rejects if they are no snapshot, or a damaged one; or if the wasm cannot be loaded. */
export async function open(bytes: Uint8Array): Promise<Snapshot> {
  return openWith(await compiled(), bytes)
}
