// Programs that compile, and programs that do not.

import module from '@flagstone/wasm/flagstone.wasm'
import fullModule from '@flagstone/wasm/full.wasm'
import { open, openWith, type Decision, type Snapshot, type Value } from '@flagstone/wasm'
import * as full from '@flagstone/wasm/full'

const snapshot = await open(new Uint8Array())
const decider = snapshot.for({ targetingKey: 'u-1', user: { plan: 'pro' } }, 0)

export const decision: Decision | undefined = decider.decide('a')
export const value: Value | undefined = decider.value('a')
export const theirs: Value | 7 = decider.value('a', 7)
export const another: Snapshot = await openWith(module, new Uint8Array())

const whole: full.Snapshot = await full.openWith(fullModule, new Uint8Array())
export const explanation: full.Explanation | undefined = whole.for({}).explain(whole.index('a'))
export const plan: full.Plan = whole.plan(new Request('https://a.example/'), { geo: { country: 'DE', asn: 7 } })
export const headers: Headers = plan.requestHeaders(new Headers())
export const same: Snapshot = whole

// @ts-expect-error A snapshot is bytes.
await open('shop.snapshot')
// @ts-expect-error A module is compiled.
await openWith('flagstone.wasm', new Uint8Array())
// @ts-expect-error A targeting key is text.
snapshot.for({ targetingKey: 7 })
// @ts-expect-error There may be no decision.
decider.decide('a').variant
// @ts-expect-error A value may be of another type.
export const text: string = decider.value('a', '')
// @ts-expect-error The full entry explains and plans.
decider.explain('a')
// @ts-expect-error Likewise.
snapshot.plan(new Request('https://a.example/'))
// @ts-expect-error Not by a reader: plans are made by snapshots.
plan.origin = 'stable'
