// Types of worker/headers.mjs, which the build puts beside this.

import type { Edits } from './wire.mjs'

/** Makes changes to headers in their order. */
export function apply(headers: Headers, edits: Edits): void
