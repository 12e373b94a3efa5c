import { again } from './again.js'

/** Compiles what lies at a URL, once it is asked for, and keeps it. */
export function fetched(url: URL): () => Promise<WebAssembly.Module> {
  return again(async () => {
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${response.url}: ${response.status}`)
    // Browsers compile while it loads if it has this type, which not every server knows.
    return response.headers.get('Content-Type') === 'application/wasm'
      ? WebAssembly.compileStreaming(response)
      : WebAssembly.compile(await response.arrayBuffer())
  })
}
