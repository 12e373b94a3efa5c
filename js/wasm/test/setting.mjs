// What the tests share. `cargo xtask wasm` sets FLAGSTONE_CLI and writes the snapshot.

import { readFileSync } from 'node:fs'

const read = (path) => readFileSync(new URL(path, import.meta.url))

/** The snapshot of `examples/shop`. */
export const shop = new Uint8Array(read('../build/shop.snapshot'))
export const contexts = JSON.parse(read('contexts.json'))
