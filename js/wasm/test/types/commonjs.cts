// Compiles as CommonJS.

import { open, type Snapshot } from '@flagstone/wasm'

export const snapshot: Promise<Snapshot> = open(new Uint8Array())
