import { apply } from './headers.mjs'
import { withElement } from './page.mjs'
import { Engine, type Exports, type Plan as Planned, type Visitor } from './wire.mjs'

/** The value of a variant. */
export type Value = boolean | string | number | null | readonly unknown[] | { readonly [name: string]: unknown }

/** A flag's key, or its number from {@link Snapshot.index}, which is quicker to find it by. */
export type FlagName = string | number

/** Why a variant was chosen, in OpenFeature's words. */
export type Reason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'ERROR'

/** What was decided about a flag. Frozen: all who get the same decision get the same object. */
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

/** A flag, whose texts cross the border once. */
interface Flag {
  readonly key: string
  readonly variants: readonly { readonly key: string; readonly value: Value }[]
  /** Its values, by their variants. */
  readonly values: readonly Value[]
  /** What can be decided about it, as far as it has been: the reasons of each variant, and of none, one behind the other. */
  readonly decisions: Decision[]
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

/** Whom to decide for, and when, as that crosses the border. */
interface Context {
  readonly texts: readonly (string | null)[]
  readonly now: number
  wasTaken: boolean
  /** The texts as they were written, if they were a second time. */
  bytes: Uint8Array | undefined
}

/** An instance of the wasm that holds a snapshot, and one context at a time. */
class Held {
  readonly size: number
  readonly digest: string
  readonly attributes: readonly ((context: EvaluationContext) => unknown)[]
  /** The variant, and above its bits the reason. By itself, so that nothing lies between it and the wasm. */
  readonly #evaluate: (flag: number) => number
  readonly #flags: (Flag | undefined)[] = []
  readonly #indices = new Map<string, number>()
  #context: Context | undefined

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
    this.#evaluate = engine.exports['evaluate'] as (flag: number) => number
  }

  index(flag: FlagName): number {
    if (typeof flag === 'number') return flag >= 0 && flag < this.size ? flag : -1
    return this.#indices.get(flag) ?? this.#find(flag)
  }

  #find(key: string): number {
    this.engine.write([key])
    const index = this.engine.call(this.engine.exports['find'])
    // What is not there is not remembered: anybody could name any number of flags.
    if (index >= 0) this.#indices.set(key, index)
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
    return { key, variants, values: variants.map(({ value }) => value), decisions: [] }
  }

  /** Gives the instance a context, unless it has just this. */
  hold(context: Context): void {
    if (this.#context !== context) this.#take(context)
  }

  #take(context: Context): void {
    const { engine } = this
    if (context.bytes !== undefined) {
      engine.reserve(context.bytes.length).set(context.bytes)
    } else {
      const end = engine.write(context.texts)
      // Most are taken once, and an array of bytes takes longer to make than texts to write.
      if (context.wasTaken) context.bytes = engine.bytes.slice(0, end)
      context.wasTaken = true
    }
    if (engine.call(engine.exports['context'], context.now) === 0) throw new Error('The context cannot be read.')
    this.#context = context
  }

  /** Decides a flag for somebody. */
  evaluate(index: number, context: Context): number {
    if (this.#context !== context) this.#take(context)
    return this.#evaluate(index)
  }

  /** What a number that was decided says of a flag. */
  decision(index: number, decided: number): Decision {
    const flag = this.flag(index)
    const place = Math.min(decided & VARIANT, flag.variants.length) * REASONS.length + (decided >>> VARIANT_BITS)
    return (flag.decisions[place] ??= decision(flag, decided))
  }
}

function decision({ key, variants }: Flag, decided: number): Decision {
  const variant = variants[decided & VARIANT]
  const reason = REASONS[decided >>> VARIANT_BITS] ?? 'ERROR'
  return Object.freeze({ flag: key, variant: variant?.key, value: variant?.value, reason })
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
    const texts = this.#held.attributes.map((find) => write(find(context)))
    return new Decider(this.#held, { texts, now, wasTaken: false, bytes: undefined })
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
  readonly #context: Context

  /** @internal */
  constructor(held: Held, context: Context) {
    this.#held = held
    this.#context = context
  }

  /** The value of a flag's variant; `otherwise` if there is no such flag or nothing can be decided. */
  value(flag: FlagName): Value | undefined
  value<T>(flag: FlagName, otherwise: T): Value | T
  value(flag: FlagName, otherwise?: unknown): unknown {
    const index = this.#held.index(flag)
    if (index < 0) return otherwise
    const { values } = this.#held.flag(index)
    const variant = this.#held.evaluate(index, this.#context) & VARIANT
    return variant < values.length ? values[variant] : otherwise
  }

  /** The key of a flag's variant; undefined if there is no such flag or nothing can be decided. */
  variant(flag: FlagName): string | undefined {
    return this.decide(flag)?.variant
  }

  /** What is decided about a flag; undefined if there is no such flag. */
  decide(flag: FlagName): Decision | undefined {
    const index = this.#held.index(flag)
    return index < 0 ? undefined : this.#held.decision(index, this.#held.evaluate(index, this.#context))
  }

  /** What is decided about all flags, by their numbers, in one call of the wasm. */
  all(): Decision[] {
    const held = this.#held
    held.hold(this.#context)
    const { engine, size } = held
    const at = engine.call(engine.exports['evaluate_all'])
    // Copied before anything else is asked, which may move them.
    const decided = new Uint32Array(engine.exports.memory.buffer, at, size).slice()
    const decisions: Decision[] = []
    for (let index = 0; index < size; index++) decisions.push(held.decision(index, decided[index] ?? 0))
    return decisions
  }

  /** What is decided about a flag, and why; undefined if there is no such flag. */
  explain(flag: FlagName): Explanation | undefined {
    const decided = this.decide(flag)
    if (decided === undefined) return undefined
    const { engine } = this.#held
    const rule = engine.call(engine.exports['rule'])
    const message = engine.ask(engine.exports['explain'], this.#held.index(flag))
    const steps = Array.from({ length: message.number() }, (): Step => {
      const kind = STEPS[message.number()] ?? 'test'
      const [depth, text] = [message.number(), message.text()]
      return { kind, depth, text, outcome: OUTCOMES[message.number()] }
    })
    return { ...decided, rule: rule < 0 ? undefined : rule, steps }
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
  const find = member(name)
  if (!name.startsWith('user.')) return find
  const flat = name.slice('user.'.length)
  if (flat === 'key') return (context) => context.targetingKey ?? find(context)
  const findFlat = member(flat)
  return (context) => find(context) ?? findFlat(context)
}

/** Finds the member with the whole name, or what is found in the same way inside the one with its first part. */
function member(name: string): (object: { readonly [name: string]: unknown }) => unknown {
  const dot = name.indexOf('.')
  const first = name.slice(0, Math.max(dot, 0))
  const rest = dot < 0 ? undefined : member(name.slice(dot + 1))
  return (object) => {
    if (Object.hasOwn(object, name) && object[name] != null) return object[name]
    if (rest === undefined || !Object.hasOwn(object, first)) return undefined
    const inner = object[first]
    return typeof inner === 'object' && inner !== null ? rest(inner as { readonly [name: string]: unknown }) : undefined
  }
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
