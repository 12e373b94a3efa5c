// flagd's evaluator for JavaScript, in its compiled mode.

import { createRequire } from 'node:module'

import * as clock from './clock.mjs'

clock.install()

const require = createRequire(import.meta.url)

// flagd-core hashes texts beyond ASCII in a way of its own. We follow the daemon there, which hashes their UTF-8, so
// an answer that came from such a hash is none. The hash says so itself: it is wrapped before flagd-core loads it.
let foreign = false
const path = require.resolve('imurmurhash', { paths: [require.resolve('@openfeature/flagd-core')] })
const Hash = require(path)
require.cache[path].exports = class extends Hash {
  constructor(text, seed) {
    super(text, seed)
    // eslint-disable-next-line no-control-regex
    if (/[^\x00-\x7f]/.test(text)) foreign = true
  }
}

const { FlagdCore } = require('@openfeature/flagd-core')

export { generate } from './generate/flagd.mjs'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export function open(_definitions, text) {
  const core = new FlagdCore(undefined, silent)
  core.setConfigurations(text)
  return {
    /** Nothing where the daemon may decide otherwise; `anyway` for a recorded case. */
    evaluate({ flag, context, default: fallback, type, now }, anyway) {
      foreign = false
      const { value, variant, reason, errorCode } = clock.at(now, () =>
        core.resolve(type, flag, fallback, context, silent),
      )
      if (foreign && !anyway) return undefined
      return { value: value ?? null, variant: variant ?? null, reason, errorCode: errorCode ?? null }
    },
  }
}

export const outcome = ({ reason, errorCode, variant }) =>
  errorCode ?? `${reason}${variant === null ? ', no variant' : ''}`

/** A recorded case as a request. */
export const recorded = (_suite, { flag, type, default: fallback, context }) => ({
  flag,
  type,
  default: fallback,
  context,
  now: '2026-01-01T00:00:00Z',
})
