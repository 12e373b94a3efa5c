import { exportsOf, Held } from './held.js'
import { Plan, type RequestHead, type Sender } from './plan.js'
import * as light from './snapshot.js'
import type { Decision, EvaluationContext, FlagName } from './snapshot.js'
import { Engine, type Visitor } from './wire.mjs'

export type * from './snapshot.js'
export { Plan, type RequestHead, type Sender } from './plan.js'

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

const STEPS = ['flag', 'killed', 'prerequisites', 'rule', 'test', 'split', 'decision'] as const
const OUTCOMES = [undefined, 'no', 'yes', 'unknown'] as const

/**
 * Opens a snapshot in an instance of its own of `module`, a `WebAssembly.Module`. `bytes` are copied. Rejects if they are no
 * snapshot, or a damaged one.
 */
export async function openWith(module: object, bytes: Uint8Array): Promise<Snapshot> {
  const engine = new Engine(await exportsOf(module))
  return new Snapshot(new Held(engine, bytes), engine)
}

/** A compiled configuration. */
export class Snapshot extends light.Snapshot {
  readonly #engine: Engine
  #hasLearned = false

  /** @internal */
  constructor(held: Held, engine: Engine) {
    super(held)
    this.#engine = engine
  }

  /** Decides for somebody, at a time in milliseconds since 1970. */
  override for(context: EvaluationContext, now: number = Date.now()): Decider {
    return new Decider(this.held, this.context(context, now))
  }

  /**
   * Plans what the edge does to a request: the whole pipeline, in one call of the wasm. The request's own headers stay as
   * they are.
   */
  plan(request: RequestHead, sender: Sender = {}, now: number = Date.now()): Plan {
    const engine = this.#engine
    if (!this.#hasLearned) {
      engine.learn()
      this.#hasLearned = true
    }
    const visitor: Visitor = {
      geo: (_, field) => sender.geo?.[field]?.toString(),
      address: () => sender.address,
    }
    return new Plan(engine, engine.plan(request, visitor, Number(now)))
  }
}

/** Decides flags for one context at one time. */
export class Decider extends light.Decider {
  /** What is decided about a flag, and why; undefined if there is no such flag. */
  explain(flag: FlagName): Explanation | undefined {
    const decided = this.decide(flag)
    if (decided === undefined) return undefined
    const { held } = this
    const message = held.instance.ask(held.instance.exports['explain'], held.index(flag))
    const rule = message.number()
    const steps = Array.from({ length: message.number() }, (): Step => {
      const kind = STEPS[message.number()] ?? 'test'
      const [depth, text] = [message.number(), message.text()]
      return { kind, depth, text, outcome: OUTCOMES[message.number()] }
    })
    return { ...decided, rule: rule === 0 ? undefined : rule - 1, steps }
  }
}
