// The time of a request in place of the machine's, for SDKs that read a clock while they decide.

const Real = Date
let current

class Clock extends Real {
  constructor(...parts) {
    if (parts.length === 0) super(current ?? Real.now())
    else super(...parts)
  }

  static now() {
    return current ?? Real.now()
  }
}

/** Puts the clock in place; before the SDK is loaded. */
export function install() {
  globalThis.Date = Clock
}

/** What `decide` gives at `now`, an RFC 3339 time. */
export function at(now, decide) {
  current = Real.parse(now)
  try {
    return decide()
  } finally {
    current = undefined
  }
}
