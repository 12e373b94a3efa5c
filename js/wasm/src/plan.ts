import { apply } from './headers.mjs'
import { withElement } from './page.mjs'
import type { Engine, Plan as Planned } from './wire.mjs'

/** What is read of a request: a `Request` has it, and so has an object of your own, such as for Node's `http`. */
export interface RequestHead {
  readonly method: string
  /** Absolute, as the visitor asked for it. */
  readonly url: string
  /** By names in small letters; lines of one name are joined. */
  readonly headers: { get(name: string): string | null }
}

/** What a platform knows of the one who sent a request. */
export interface Sender {
  /** By the names that rules read them by: `country`, `region`, `city`, `continent`, `postal_code`, `asn`, … */
  readonly geo?: { readonly [field: string]: string | number | undefined }
  readonly address?: string
}

/** What is to be done to one request and to its response. */
export class Plan {
  /** The name of the origin that gets the request. */
  readonly origin: string
  /** Path and query towards it. */
  readonly pathAndQuery: string
  /** What a cache in front of the origin must add to its key; empty: nothing. */
  readonly cacheKey: string
  /** Milliseconds until the head of the origin's response must be there; undefined: as long as your platform waits. */
  readonly timeout: number | undefined
  /** What to do instead if the origin fails, where the configuration says so and the request may be repeated. */
  readonly fallback: Plan | undefined
  readonly #engine: Engine
  readonly #plan: Planned

  /** @internal */
  constructor(engine: Engine, plan: Planned) {
    this.#engine = engine
    this.#plan = plan
    this.origin = plan.origin
    this.pathAndQuery = plan.pathAndQuery
    this.cacheKey = plan.cacheKey
    this.timeout = plan.timeout > 0 ? plan.timeout : undefined
    this.fallback = plan.fallback && new Plan(engine, plan.fallback)
  }

  /** The headers that the origin gets, made of the request's. */
  requestHeaders(headers: Headers): Headers {
    const copy = new Headers(headers)
    apply(copy, this.#plan.requestEdits)
    return copy
  }

  /** The visitor's response, made of the origin's: its body is moved. */
  response(response: Response): Response {
    const copy = new Response(response.body, response)
    const { edits, element } = this.#engine.respond(this.#plan, response.status, response.headers)
    apply(copy.headers, this.#plan.responseEdits)
    apply(copy.headers, edits)
    if (element === '' || copy.body === null) return copy
    return new Response(withElement(this.#engine, copy.body, element), copy)
  }

  /** The visitor's response when the origin cannot be reached. */
  unreachable(): Response {
    const { status, edits, body } = this.#engine.unreachable(this.#plan)
    const response = new Response(body, { status })
    apply(response.headers, edits)
    return response
  }
}
