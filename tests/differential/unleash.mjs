// Unleash's Node SDK: its client over a repository that is two maps.

import { createRequire } from 'node:module'

import * as clock from './clock.mjs'

clock.install()
// The one strategy that asks where it runs; no host name that is generated is this one.
process.env.HOSTNAME = 'differential'

const require = createRequire(import.meta.url)
const { default: Client } = require('unleash-client/lib/client.js')
const { defaultStrategies } = require('unleash-client/lib/strategy/index.js')

export { generate } from './generate/unleash.mjs'

const real = Math.random

export function open({ features, segments }) {
  const byName = new Map(features.map((feature) => [feature.name, feature]))
  const byId = new Map((segments ?? []).map((segment) => [segment.id, segment]))
  const client = new Client(
    { getToggle: (name) => byName.get(name), getSegment: (id) => byId.get(id) },
    defaultStrategies,
  )
  client.on('warn', () => {})
  client.on('error', () => {})

  const decide = (flag, context, now) =>
    clock.at(now, () => {
      const enabled = client.isEnabled(flag, context, () => false)
      const { featureEnabled, ...variant } = client.getVariant(flag, context)
      return { enabled, variant }
    })

  let asked = 0
  return {
    /** Nothing where the answer is a matter of chance; `anyway` for a recorded case. */
    evaluate({ flag, context, now }, anyway) {
      let drawn = false
      Math.random = () => ((drawn = true), 0.5)
      try {
        const first = decide(flag, context, now)
        if (!drawn || anyway) return first
        // Chance was asked. Some answers do not depend on it (a rollout of 100, a single variant): those that stay
        // the same over many draws. That takes a while, so only every eighth is tried.
        if (asked++ % 8 !== 0) return undefined
        const text = JSON.stringify(first)
        for (let i = 0; i < 1500; i++) {
          Math.random = () => (i * 0.6180339887498949) % 1
          if (JSON.stringify(decide(flag, context, now)) !== text) return undefined
        }
        return first
      } finally {
        Math.random = real
      }
    },
  }
}

export const outcome = ({ enabled, variant }) =>
  `${enabled ? 'on' : 'off'}${variant.enabled ? `, variant${variant.payload === undefined ? '' : ' with payload'}` : ''}`

/** A recorded case as a request. */
export const recorded = (_suite, { toggle, context }) => ({ flag: toggle, context, now: '2026-01-01T00:00:00Z' })
