// GrowthBook's JavaScript SDK, with the whole payload at hand: no network.

// Elsewhere it logs every step.
process.env.NODE_ENV = 'production'

const { GrowthBook } = await import('@growthbook/growthbook')

export { generate } from './generate/growthbook.mjs'

export function open({ features, savedGroups, contextualBandits }) {
  return {
    evaluate({ flag, context }) {
      const { forcedFeatureValues, ...rest } = context
      const growthbook = new GrowthBook({ ...rest, features, savedGroups, contextualBandits })
      if (forcedFeatureValues) growthbook.setForcedFeatures(new Map(Object.entries(forcedFeatureValues)))
      try {
        const { value, on, off, source, ruleId, experiment, experimentResult: result } = growthbook.evalFeature(flag)
        const expect = { value: value ?? null, on, off, source, ruleId }
        if (!result) return expect
        const { variationId, key, inExperiment, hashUsed, hashAttribute, hashValue, bucket, leafId } = result
        return {
          ...expect,
          experiment: {
            key: experiment.key,
            variationId,
            variationKey: key,
            inExperiment,
            hashUsed,
            hashAttribute,
            hashValue,
            bucket,
            leafId,
          },
        }
      } finally {
        growthbook.destroy()
      }
    },
  }
}

export const outcome = ({ source, experiment }) =>
  experiment ? `${source}${experiment.hashUsed ? '' : ' by override'}` : source

/** A recorded case as a request. */
export const recorded = (_suite, { feature, attributes }) => ({ flag: feature, context: { attributes } })
