import { apply } from './headers.mjs'
import { withElement } from './page.mjs'
import { Engine, type Exports, type Plan as Planned, type Visitor } from './wire.mjs'

/** The value of a variant. */
export type Value = boolean | string | number | null | readonly unknown[] | { readonly [name: string]: unknown }

/** A flag's key, or its number from {@link Snapshot.index}, which is quicker to find it by. */
export type FlagName = string | number

/** Why a variant was chosen, in OpenFeature's words. */
export type Reason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'ERROR'

/** What was decided about a flag. */
export interface Decision {
  /** Its key. */
  readonly flag: string
  /** The key of the variant; undefined when your own default is right. */
  readonly variant: string | undefined
  /** The variant's value; undefined likewise. */
  readonly value: Value | undefined
  readonly reason: Reason
}

/** A step of an evaluation. */
export interface Step {
  readonly kind: 'flag' | 'killed' | 'prerequisites' | 'rule' | 'test' | 'split' | 'decision'
  /** How many steps it lies inside of. */
  readonly depth: number
  /** The flag's key, the rule's number and name, what was tested, where the visitor fell in a rollout. */
  readonly text: string
  /** Whether the rule matched or the test holds; `unknown` if an attribute is missing or of another type. */
  readonly outcome: 'no' | 'yes' | 'unknown' | undefined
}

/** What was decided about a flag, and why. */
export interface Explanation extends Decision {
  /** The rule that decided, counted from 0. */
  readonly rule: number | undefined
  readonly steps: readonly Step[]
}

/**
 * Whom to decide for. The attribute `user.plan` is the member `"user.plan"`, or `plan` inside `user`, or `plan` itself;
 * `user.key` is `targetingKey`. Values are booleans, numbers, strings and lists of them; others count as missing.
 */
export interface EvaluationContext {
  readonly targetingKey?: string
  readonly [name: string]: unknown
}

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

const REASONS: readonly Reason[] = ['STATIC', 'DEFAULT', 'TARGETING_MATCH', 'SPLIT', 'DISABLED', 'ERROR']
const STEPS = ['flag', 'killed', 'prerequisites', 'rule', 'test', 'split', 'decision'] as const
const OUTCOMES = [undefined, 'no', 'yes', 'unknown'] as const
const [BOOLEAN, STRING, NUMBER] = [0, 1, 2]
/** The bits of a decision that are the variant; the reason is above them. */
const VARIANT_BITS = 16
const VARIANT = 0xffff

interface Flag {
  readonly key: string
  readonly variants: readonly { readonly key: string; readonly value: Value }[]
}

/**
 * Opens a snapshot in an instance of its own of `module`, a `WebAssembly.Module`. `bytes` are copied. Rejects if they are no
 * snapshot, or a damaged one.
 */
// Programs for Node do not know that type by name, unless they name the library of browsers.
export async function openWith(module: object, bytes: Uint8Array): Promise<Snapshot> {
  const { exports } = await WebAssembly.instantiate(module as WebAssembly.Module)
  return new Snapshot(new Held(new Engine(exports as unknown as Exports), bytes))
}

/** An instance of the wasm that holds a snapshot, and one context at a time. */
class Held {
  readonly size: number
  readonly digest: string
  readonly attributes: readonly ((context: EvaluationContext) => unknown)[]
  readonly #flags: (Flag | undefined)[] = []
  readonly #indices = new Map<string, number>()
  #texts: readonly (string | null)[] | undefined

  constructor(
    readonly engine: Engine,
    bytes: Uint8Array,
  ) {
    engine.reserve(bytes.length).set(bytes)
    const problem = engine.ask(engine.exports['open'], bytes.length).text()
    if (problem !== '') throw new Error(`These bytes are no snapshot: ${problem}`)
    // It keeps the bytes, and with them the room.
    engine.capacity = 0
    const message = engine.ask(engine.exports['describe'])
    this.attributes = message.texts().map(finder)
    this.size = message.number()
    this.digest = message.text()
  }

  index(flag: FlagName): number {
    if (typeof flag === 'number') return flag >= 0 && flag < this.size ? flag : -1
    let index = this.#indices.get(flag)
    if (index === undefined) {
      this.engine.write([flag])
      index = this.engine.call(this.engine.exports['find'])
      // What is not there is not remembered: anybody could name any number of flags.
      if (index >= 0) this.#indices.set(flag, index)
    }
    return index
  }

  flag(index: number): Flag {
    return (this.#flags[index] ??= this.#read(index))
  }

  #read(index: number): Flag {
    const message = this.engine.ask(this.engine.exports['flag'], index)
    const key = message.text()
    const variants = Array.from({ length: message.number() }, () => {
      const key = message.text()
      const [kind, text] = [message.number(), message.text()]
      return { key, value: kind === STRING ? text : parse(kind, text) }
    })
    return { key, variants }
  }

  /** Gives the instance the texts of a context, unless it has just these. */
  hold(texts: readonly (string | null)[]): void {
    if (this.#texts === texts) return
    this.engine.write(texts)
    if (this.engine.call(this.engine.exports['context']) === 0) throw new Error('The context cannot be read.')
    this.#texts = texts
  }
}

/** A compiled configuration. */
export class Snapshot {
  readonly #held: Held
  #isPlanning = false

  /** @internal */
  constructor(held: Held) {
    this.#held = held
  }

  /** The number of flags. */
  get size(): number {
    return this.#held.size
  }

  /** The name of the snapshot: 32 hexadecimal digits. */
  get digest(): string {
    return this.#held.digest
  }

  /** The number of the flag with this key, for as long as this snapshot is used; -1 if there is none. */
  index(key: string): number {
    return this.#held.index(key)
  }

  /** The keys of all flags, by their numbers. */
  keys(): string[] {
    return Array.from({ length: this.size }, (_, index) => this.#held.flag(index).key)
  }

  /** Decides for somebody, at a time in milliseconds since 1970. */
  for(context: EvaluationContext, now: number = Date.now()): Decider {
    return new Decider(
      this.#held,
      this.#held.attributes.map((find) => write(find(context))),
      now,
    )
  }

  /**
   * Plans what the edge does to a request: the whole pipeline, in one call of the wasm. The request's own headers stay as
   * they are.
   */
  plan(request: RequestHead, sender: Sender = {}, now: number = Date.now()): Plan {
    const { engine } = this.#held
    if (!this.#isPlanning) {
      engine.learn()
      this.#isPlanning = true
    }
    const visitor: Visitor = {
      geo: (_, field) => sender.geo?.[field]?.toString(),
      address: () => sender.address,
    }
    return new Plan(engine, engine.plan(request, visitor, now))
  }
}

/** Decides flags for one context at one time. */
export class Decider {
  readonly #held: Held
  readonly #texts: readonly (string | null)[]
  readonly #now: number

  /** @internal */
  constructor(held: Held, texts: readonly (string | null)[], now: number) {
    this.#held = held
    this.#texts = texts
    this.#now = now
  }

  /** The value of a flag's variant; `otherwise` if there is no such flag or nothing can be decided. */
  value(flag: FlagName): Value | undefined
  value<T>(flag: FlagName, otherwise: T): Value | T
  value(flag: FlagName, otherwise?: unknown): unknown {
    const index = this.#held.index(flag)
    if (index < 0) return otherwise
    const variant = this.#held.flag(index).variants[this.#evaluate(index) & VARIANT]
    return variant === undefined ? otherwise : variant.value
  }

  /** The key of a flag's variant; undefined if there is no such flag or nothing can be decided. */
  variant(flag: FlagName): string | undefined {
    const index = this.#held.index(flag)
    return index < 0 ? undefined : this.#held.flag(index).variants[this.#evaluate(index) & VARIANT]?.key
  }

  /** What is decided about a flag; undefined if there is no such flag. */
  decide(flag: FlagName): Decision | undefined {
    const index = this.#held.index(flag)
    return index < 0 ? undefined : this.#decision(index, this.#evaluate(index))
  }

  /** What is decided about all flags, by their numbers, in one call of the wasm. */
  all(): Decision[] {
    this.#held.hold(this.#texts)
    const { engine, size } = this.#held
    const at = engine.call(engine.exports['evaluate_all'], this.#now)
    // Copied before anything else is asked, which may move them.
    const decisions = new Uint32Array(engine.exports.memory.buffer, at, size).slice()
    return Array.from(decisions, (decision, index) => this.#decision(index, decision))
  }

  /** What is decided about a flag, and why; undefined if there is no such flag. */
  explain(flag: FlagName): Explanation | undefined {
    const index = this.#held.index(flag)
    if (index < 0) return undefined
    const decision = this.#decision(index, this.#evaluate(index))
    const { engine } = this.#held
    const rule = engine.call(engine.exports['rule'])
    const message = engine.ask(engine.exports['explain'], index, this.#now)
    const steps = Array.from({ length: message.number() }, (): Step => {
      const kind = STEPS[message.number()] ?? 'test'
      const [depth, text] = [message.number(), message.text()]
      return { kind, depth, text, outcome: OUTCOMES[message.number()] }
    })
    return { ...decision, rule: rule < 0 ? undefined : rule, steps }
  }

  #evaluate(index: number): number {
    this.#held.hold(this.#texts)
    const { engine } = this.#held
    return engine.call(engine.exports['evaluate'], index, this.#now)
  }

  #decision(index: number, decision: number): Decision {
    const { key, variants } = this.#held.flag(index)
    const variant = variants[decision & VARIANT]
    const reason = REASONS[decision >>> VARIANT_BITS] ?? 'ERROR'
    return { flag: key, variant: variant?.key, value: variant?.value, reason }
  }
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

function parse(kind: number, text: string): Value {
  if (kind === BOOLEAN) return text === 'true'
  return kind === NUMBER ? Number(text) : (JSON.parse(text) as Value)
}

/** Finds an attribute in contexts. */
function finder(name: string): (context: EvaluationContext) => unknown {
  const flat = name.startsWith('user.') ? name.slice('user.'.length) : undefined
  if (flat === 'key') return (context) => context.targetingKey ?? find(context, name)
  return (context) => find(context, name) ?? (flat === undefined ? undefined : find(context, flat))
}

/** The member with the whole name, or what is found in the same way inside the one with its first part. */
function find(object: { readonly [name: string]: unknown }, name: string): unknown {
  if (Object.hasOwn(object, name) && object[name] != null) return object[name]
  const dot = name.indexOf('.')
  if (dot < 0 || !Object.hasOwn(object, name.slice(0, dot))) return undefined
  const inner = object[name.slice(0, dot)]
  return typeof inner === 'object' && inner !== null
    ? find(inner as { readonly [name: string]: unknown }, name.slice(dot + 1))
    : undefined
}

/** A value as `crates/flagstone-js/src/context.rs` reads it; null if it is missing. */
function write(value: unknown): string | null {
  switch (typeof value) {
    case 'boolean':
      return value ? 't' : 'f'
    case 'number':
      return `n${value}`
    case 'string':
      return `s${value}`
    default:
      return Array.isArray(value) ? `[${value.map(element).join('')}` : null
  }
}

const encoder = new TextEncoder()

function element(value: unknown): string {
  // A list or an object inside is missing; an empty list says so.
  const text = Array.isArray(value) ? '[' : (write(value) ?? '[')
  return `${encoder.encode(text).length}:${text}`
}
