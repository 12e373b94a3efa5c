// Compiles for Node, without the types of browsers.

import { open, openWith, type Snapshot } from '@flagstone/wasm/full'

const snapshot: Snapshot = await open(new Uint8Array())
export const headers: Headers = snapshot.plan(new Request('https://a.example/')).requestHeaders(new Headers())
export const other: Snapshot = await openWith({}, new Uint8Array())
