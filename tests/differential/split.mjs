// Split's Node SDK: the evaluator that its client calls, with storages that are maps.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const commons = '@splitsoftware/splitio-commons/cjs'
const { evaluateFeature } = require(`${commons}/evaluator`)
const { validateKey } = require(`${commons}/utils/inputValidation/key.js`)
const { validateSplit } = require(`${commons}/utils/inputValidation/split.js`)
const { validateAttributes } = require(`${commons}/utils/inputValidation/attributes.js`)

export { generate } from './generate/split.mjs'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export function open({ splitChanges: { ff, rbs }, segments }) {
  // What is not active is taken out of the store when the SDK reads it.
  const byName = (items) =>
    new Map((items ?? []).filter((item) => item.status === 'ACTIVE').map((item) => [item.name, item]))
  const flags = byName(ff.d)
  const ruleBased = byName(rbs?.d)
  const members = new Map(Object.entries(segments).map(([name, keys]) => [name, new Set(keys)]))
  const storage = {
    splits: { getSplit: (name) => flags.get(name) ?? null },
    segments: { isInSegment: (name, key) => members.get(name)?.has(key) ?? false },
    rbSegments: { get: (name) => ruleBased.get(name) ?? null },
  }
  return {
    evaluate({ flag, context }) {
      const rejected = { treatment: 'control', config: null, label: null }
      const { key, bucketingKey, attributes } = context
      const valid = validateKey(silent, bucketingKey === undefined ? key : { matchingKey: key, bucketingKey }, '')
      const name = validateSplit(silent, flag, '')
      if (valid === false || name === false || validateAttributes(silent, attributes, '') === false) return rejected
      const { treatment, config, label } = evaluateFeature(silent, valid, name, attributes, storage)
      return { treatment, config, label }
    },
  }
}

export const outcome = ({ treatment, label }) =>
  `${label === null ? 'key rejected' : /^c\d/.test(label) ? 'condition' : label}${treatment === 'control' ? ', control' : ''}`

/** A recorded case as a request. */
export const recorded = (_suite, { flag, key, attributes }) => ({ flag, context: { key, attributes } })
