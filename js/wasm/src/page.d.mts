// Types of worker/page.mjs, which the build puts beside this.

import type { Engine } from './wire.mjs'

/** The page with an element put in while it streams by. */
export function withElement(engine: Engine, body: ReadableStream<Uint8Array>, element: string): ReadableStream<Uint8Array>
