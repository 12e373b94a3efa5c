import { type Context, exportsOf, Held, VARIANT } from './held.js'
import { Instance } from './instance.mjs'

/** The value of a variant, frozen. */
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

/**
 * Whom to decide for. The attribute `user.plan` is the member `"user.plan"`, or `plan` inside `user`, or `plan` itself;
 * `user.key` is `targetingKey`; `user.tags["0"]` is the first element of a list, `user.tags.length` the number of them.
 * Values are what JSON makes of them: booleans, numbers, strings, lists and objects; others count as missing.
 */
export interface EvaluationContext {
  readonly targetingKey?: string
  readonly [name: string]: unknown
}

/**
 * Opens a snapshot in an instance of its own of `module`, a `WebAssembly.Module`. `bytes` are copied. Rejects if they are no
 * snapshot, or a damaged one.
 */
// Programs for Node do not know that type by name, unless they name the library of browsers.
export async function openWith(module: object, bytes: Uint8Array): Promise<Snapshot> {
  return new Snapshot(new Held(new Instance(await exportsOf(module)), bytes))
}

/** A compiled configuration. */
export class Snapshot {
  /** @internal */
  protected readonly held: Held

  /** @internal */
  constructor(held: Held) {
    this.held = held
  }

  /** The number of flags. */
  get size(): number {
    return this.held.size
  }

  /** The name of the snapshot: 32 hexadecimal digits. */
  get digest(): string {
    return this.held.digest.map((number) => number.toString(16).padStart(8, '0')).join('')
  }

  /** The number of the flag with this key, for as long as this snapshot is used; -1 if there is none. */
  index(key: string): number {
    return this.held.index(key)
  }

  /** The keys of all flags, by their numbers. */
  keys(): string[] {
    return Array.from({ length: this.size }, (_, index) => this.held.flag(index).key)
  }

  /** Decides for somebody, at a time in milliseconds since 1970. */
  for(context: EvaluationContext, now: number = Date.now()): Decider {
    return new Decider(this.held, this.context(context, now))
  }

  /** @internal */
  protected context(context: EvaluationContext, now: number): Context {
    const texts = this.held.attributes.map((find) => {
      try {
        const value = find(context)
        return write(typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value, 0)
      } catch {
        // A getter's, maybe.
        return null
      }
    })
    // What is no number would break the instance for all.
    return { texts, now: Number(now), wasTaken: false, bytes: undefined }
  }
}

/** Decides flags for one context at one time. */
export class Decider {
  /** @internal */
  protected readonly held: Held
  /** @internal */
  protected readonly context: Context

  /** @internal */
  constructor(held: Held, context: Context) {
    this.held = held
    this.context = context
  }

  /** The value of a flag's variant; `otherwise` if there is no such flag or nothing can be decided. */
  value(flag: FlagName): Value | undefined
  value<T>(flag: FlagName, otherwise: T): Value | T
  value(flag: FlagName, otherwise?: unknown): unknown {
    const index = this.held.index(flag)
    if (index < 0) return otherwise
    const { values } = this.held.flag(index)
    const variant = this.held.evaluate(index, this.context) & VARIANT
    return variant < values.length ? values[variant] : otherwise
  }

  /** The key of a flag's variant; undefined if there is no such flag or nothing can be decided. */
  variant(flag: FlagName): string | undefined {
    return this.decide(flag)?.variant
  }

  /** What is decided about a flag; undefined if there is no such flag. */
  decide(flag: FlagName): Decision | undefined {
    const index = this.held.index(flag)
    return index < 0 ? undefined : this.held.decision(index, this.held.evaluate(index, this.context))
  }

  /** What is decided about all flags, by their numbers, in one call of the wasm. */
  all(): Decision[] {
    const held = this.held
    held.hold(this.context)
    const { instance, size } = held
    const at = instance.call(instance.exports['evaluate_all'])
    // Copied before anything else is asked, which may move them.
    const decided = new Uint32Array(instance.exports.memory.buffer, at, size).slice()
    const decisions: Decision[] = []
    for (let index = 0; index < size; index++) decisions.push(held.decision(index, decided[index] ?? 0))
    return decisions
  }
}

/** A value as `crates/flagstone-js/src/context.rs` reads it; null if it is missing, or 32 deep inside of others. */
function write(value: unknown, depth: number): string | null {
  switch (typeof value) {
    case 'boolean':
      return value ? 't' : 'f'
    case 'number':
      return `n${value}`
    case 'string':
      return `s${value}`
    case 'object':
      if (value === null || depth === 32) return null
      return Array.isArray(value) ? `[${inside(value, depth)}` : `{${inside(Object.entries(value).flat(), depth)}`
    default:
      return null
  }
}

const encoder = new TextEncoder()

function inside(values: unknown[], depth: number): string {
  const texts = values.map((value) => write(value, depth + 1) ?? '0')
  return texts.map((text) => `${encoder.encode(text).length}:${text}`).join('')
}
