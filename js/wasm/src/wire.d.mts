// Types of worker/wire.mjs, which the build puts beside this.

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

/** Kind (0 remove all with a prefix, 1 remove, 2 set, 3 append), name and value of each. */
export type Edits = readonly (number | string)[]

export interface Plan {
  readonly origin: string
  readonly pathAndQuery: string
  readonly cacheKey: string
  readonly pending: string
  readonly requestEdits: Edits
  readonly responseEdits: Edits
  readonly asked: number
  readonly timeout: number
  readonly fallback: Plan | undefined
}

export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

export interface Visitor {
  geo(request: RequestHead, field: string): string | null | undefined
  address(request: RequestHead): string | null | undefined
}

export class Engine {
  constructor(exports: Exports)
  readonly exports: Exports
  /** The room is another's from now on if this is set to 0. */
  capacity: number
  plan(request: RequestHead, visitor: Visitor, now: number): Plan
  respond(plan: Plan, status: number, headers: Headers): { edits: Edits; element: string }
  unreachable(plan: Plan): { status: number; edits: Edits; body: string }
  learn(): void
  /** What is written, up to `capacity` bytes. */
  bytes: Uint8Array
  write(texts: readonly (string | null | undefined)[]): number
  reserve(size: number): Uint8Array
  ask(function_: Exports[string] | undefined, first?: number, second?: number): Message
  call(function_: Exports[string] | undefined, first?: number, second?: number): number
}
