// Types of worker/instance.mjs, which the build puts beside this.

/** The functions and the memory of an instance. */
export type Exports = Record<string, (first?: number, second?: number, third?: number) => number> & {
  readonly memory: WebAssembly.Memory
}

/** What the wasm has said, read from the beginning. */
export interface Message {
  number(): number
  text(): string
  texts(): string[]
}

export class Instance {
  constructor(exports: Exports)
  readonly exports: Exports
  /** The room is another's from now on if this is set to 0. */
  capacity: number
  /** What is written, up to `capacity` bytes. */
  bytes: Uint8Array
  write(texts: readonly (string | null | undefined)[]): number
  reserve(size: number): Uint8Array
  ask(function_: Exports[string] | undefined, first?: number, second?: number): Message
  call(function_: Exports[string] | undefined, first?: number, second?: number): number
}
