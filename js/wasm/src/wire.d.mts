// Types of worker/wire.mjs, which the build puts beside this.

import { Instance } from './instance.mjs'

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

export class Engine extends Instance {
  plan(request: RequestHead, visitor: Visitor, now: number): Plan
  respond(plan: Plan, status: number, headers: Headers): { edits: Edits; element: string }
  unreachable(plan: Plan): { status: number; edits: Edits; body: string }
  learn(): void
}
