// The side of the border that is behind the package's classes: an instance of the wasm, and what was read from it once.

import type { Exports, Instance } from './instance.mjs'
import type { Decision, EvaluationContext, FlagName, Reason, Value } from './snapshot.js'

const REASONS: readonly Reason[] = ['STATIC', 'DEFAULT', 'TARGETING_MATCH', 'SPLIT', 'DISABLED', 'ERROR']
const BOOLEAN = 0
const STRING = 1
const NUMBER = 2
/** The bits of a decision that are the variant; the reason is above them. */
const VARIANT_BITS = 16
export const VARIANT = 0xffff

/** A flag, whose texts cross the border once. */
interface Flag {
  readonly key: string
  readonly variants: readonly { readonly key: string; readonly value: Value }[]
  /** Its values, by their variants. */
  readonly values: readonly Value[]
  /** What can be decided about it, as far as it has been: the reasons of each variant, and of none, one behind the other. */
  readonly decisions: Decision[]
}

/** The functions and the memory of a new instance. */
export async function exportsOf(module: object): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module as WebAssembly.Module)
  return exports as unknown as Exports
}

/** Whom to decide for, and when, as that crosses the border. */
export interface Context {
  readonly texts: readonly (string | null)[]
  readonly now: number
  wasTaken: boolean
  /** The texts as they were written, if they were a second time. */
  bytes: Uint8Array | undefined
}

/** An instance of the wasm that holds a snapshot, and one context at a time. */
export class Held {
  readonly size: number
  /** Its four numbers, the highest first. */
  readonly digest: readonly number[]
  readonly attributes: readonly ((context: EvaluationContext) => unknown)[]
  /** The variant, and above its bits the reason. By itself, so that nothing lies between it and the wasm. */
  private readonly evaluateHeld: (flag: number) => number
  private readonly flags: (Flag | undefined)[] = []
  private readonly indices = new Map<string, number>()
  private context: Context | undefined

  constructor(
    readonly instance: Instance,
    bytes: Uint8Array,
  ) {
    instance.reserve(bytes.length).set(bytes)
    const message = instance.ask(instance.exports['open'], bytes.length)
    const problem = message.text()
    if (problem !== '') throw new Error(`These bytes are no snapshot: ${problem}`)
    // It keeps the bytes, and with them the room.
    instance.capacity = 0
    this.attributes = message.texts().map(finder)
    this.size = message.number()
    this.digest = [message.number(), message.number(), message.number(), message.number()]
    this.evaluateHeld = instance.exports['evaluate'] as (flag: number) => number
  }

  index(flag: FlagName): number {
    if (typeof flag === 'number') return flag >>> 0 === flag && flag < this.size ? flag : -1
    return this.indices.get(flag) ?? this.find(flag)
  }

  private find(key: string): number {
    if (typeof key !== 'string') return -1
    this.instance.write([key])
    const index = this.instance.call(this.instance.exports['find'])
    // What is not there is not remembered: anybody could name any number of flags.
    if (index >= 0) this.indices.set(key, index)
    return index
  }

  flag(index: number): Flag {
    return (this.flags[index] ??= this.read(index))
  }

  private read(index: number): Flag {
    const message = this.instance.ask(this.instance.exports['flag'], index)
    const key = message.text()
    const variants: Flag['variants'][number][] = []
    for (let count = message.number(); count > 0; count--) {
      variants.push({ key: message.text(), value: valueOf(message.number(), message.text()) })
    }
    return { key, variants, values: variants.map(({ value }) => value), decisions: [] }
  }

  /** Gives the instance a context, unless it has just this. */
  hold(context: Context): void {
    if (this.context !== context) this.take(context)
  }

  private take(context: Context): void {
    const { instance } = this
    // From here on parts of the one before are written over.
    this.context = undefined
    if (context.bytes !== undefined) {
      instance.reserve(context.bytes.length).set(context.bytes)
    } else {
      const end = instance.write(context.texts)
      // Most are taken once, and an array of bytes takes longer to make than texts to write.
      if (context.wasTaken) context.bytes = instance.bytes.slice(0, end)
      context.wasTaken = true
    }
    if (instance.call(instance.exports['context'], context.now) === 0) throw new Error('The context cannot be read.')
    this.context = context
  }

  /** Decides a flag for somebody. */
  evaluate(index: number, context: Context): number {
    if (this.context !== context) this.take(context)
    return this.evaluateHeld(index)
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

function valueOf(kind: number, text: string): Value {
  if (kind === STRING) return text
  if (kind === BOOLEAN) return text === 'true'
  // Everybody gets the same object.
  return kind === NUMBER ? Number(text) : (JSON.parse(text, (_, inner: unknown) => Object.freeze(inner)) as Value)
}

/** Finds an attribute in contexts. */
function finder(name: string): (context: EvaluationContext) => unknown {
  const find = member(name)
  const flat = name.replace(/^user(\.|(?=\[))/, '')
  if (flat === name) return find
  const findFlat = member(flat === 'key' ? 'targetingKey' : flat)
  if (flat === 'key') return (context) => findFlat(context) ?? find(context)
  return (context) => find(context) ?? findFlat(context)
}

/** A name's first step, in brackets or not, and the rest. */
const STEP = /^(?:\["([^\\]*?)"\]|([^.[]+(?=[.[])|(?=\.)))(?:$|\.?(.*))/s

/** Finds the member with the whole name, or what is found in the same way inside the one with its first step. */
function member(name: string): (object: { readonly [name: string]: unknown }) => unknown {
  const [, quoted, first = quoted ?? name, behind] = STEP.exec(name) ?? []
  const rest = behind === undefined ? undefined : member(behind)
  return (object) => {
    if (Object.hasOwn(object, name) && object[name] != null) return object[name]
    const inner = Object.hasOwn(object, first) ? object[first] : undefined
    if (rest === undefined) return inner
    return typeof inner === 'object' && inner !== null ? rest(inner as { readonly [name: string]: unknown }) : undefined
  }
}
