// LaunchDarkly's Node server SDK, fed from its own TestData: one client a document, no network.

import { init } from '@launchdarkly/node-server-sdk'
import { TestData } from '@launchdarkly/node-server-sdk/integrations'

export { generate } from './generate/launchdarkly.mjs'

const silent = { error() {}, warn() {}, info() {}, debug() {} }

export async function open(definitions) {
  const data = new TestData()
  for (const flag of Object.values(definitions.flags)) await data.usePreconfiguredFlag(flag)
  for (const segment of Object.values(definitions.segments)) await data.usePreconfiguredSegment(segment)
  const client = init('any-key', {
    updateProcessor: data.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: silent,
  })
  await client.waitForInitialization({ timeout: 5 })
  const typed = {
    boolean: client.boolVariationDetail,
    number: client.numberVariationDetail,
    string: client.stringVariationDetail,
  }
  return {
    async evaluate({ flag, context, default: fallback, type }) {
      const call = typed[type] ?? client.variationDetail
      const { value, variationIndex, reason } = await call.call(client, flag, context, fallback ?? null)
      return { value: value ?? null, variationIndex: variationIndex ?? null, reason }
    },
    close: () => client.close(),
  }
}

export const outcome = ({ reason, variationIndex }) =>
  [
    reason.errorKind ?? reason.kind,
    reason.inExperiment ? 'in experiment' : '',
    reason.bigSegmentsStatus ? 'big segments' : '',
    variationIndex === null ? 'no index' : '',
  ]
    .filter(Boolean)
    .join(', ')

/** A recorded case as a request. */
export const recorded = (suite, { flag, context }) => ({ flag, context, default: suite.default })
