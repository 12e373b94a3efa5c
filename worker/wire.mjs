// The border between JavaScript and the wasm, seen from here. What crosses it is described in crates/flagstone-edge/src/wire.rs;
// this file must agree with it, and knows nothing of any platform.

import { Instance } from './instance.mjs'

/** What to do about the configuration: nothing, fetch it beside the response, or before the request is planned. */
export const SERVE = 0
export const REFRESH = 1
export const LOAD = 2

/** Milliseconds until there is something to report: never. */
export const NEVER = 0xffffffff
/** That more of a page is to be seen, or that nothing goes into it. */
export const MORE = -1
export const NOWHERE = -2

/** In place of a plan: the request is for the edge itself. */
const OWN = 2
/** A plan's fallback: there is none, or its plan follows. */
const NONE = 0
const FOLLOWS = 1

/** Where what the engine needs is: in the store, in this place's cache; or that something is to be put into that. */
const STORED = 1
const CACHED = 2
const KEEP = 3

const NO_CHANGES = { edits: [], element: '' }

/** An instance that plans requests. */
export class Engine extends Instance {
  /** @param exports the functions and the memory of an instance, which holds nothing yet */
  constructor(exports) {
    super(exports)
    this.randomAt = this.call(exports.random)
    this.isSpent = true
    // Without a configuration nothing is asked for.
    this.headers = []
    this.geo = []
    this.needsAddress = false
    this.responseHeaders = []
    this.ownHeaders = []
  }

  /** Signs what visitors keep of rollouts with a secret; without one goals are not counted. */
  signWith(secret) {
    const bytes = new TextEncoder().encode(secret)
    this.reserve(bytes.length).set(bytes)
    this.call(this.exports.sign, bytes.length)
  }

  /**
   * Plans a request, unless the configuration is to be fetched first: then `step` is LOAD and there is no plan. There is none
   * either if the request is for the edge itself, to be answered by `answer`.
   *
   * `visitor.geo(request, field)` and `visitor.address(request)` say what the platform knows of the client; they are
   * asked only for what the configuration needs.
   */
  serve(request, visitor, now) {
    this.writeRequest(request, visitor)
    const message = this.ask(this.exports.serve, now)
    const step = message.number()
    return { step, plan: step === LOAD ? undefined : this.readPlan(message, now) }
  }

  /** Plans a request with the configuration that is there, or without one; undefined if it is for the edge itself. */
  plan(request, visitor, now) {
    this.writeRequest(request, visitor)
    return this.readPlan(this.ask(this.exports.plan, now), now)
  }

  /** Plans the fallback of a plan that has one, unless that is there already. */
  fallback(plan, request, visitor) {
    if (plan.fallback !== undefined) return plan.fallback
    const texts = [...this.requestTexts(request, visitor), plan.pending]
    if (plan.random !== undefined) {
      this.random().set(plan.random)
      this.isSpent = true
    }
    this.write(texts)
    return this.readAttempt(this.ask(this.exports.fallback, plan.now))
  }

  /**
   * Takes how the first attempt of a plan has ended, and how its fallback's has, if that was asked. Says whether the fallback is to
   * be asked, in how many milliseconds there is something to report, and how to change the last attempt's response, if it has one.
   */
  ended(plan, first, fallback, second, now) {
    const { response } = second ?? first
    const headers = response?.headers
    const texts = [plan.pending, outcome(first), String(first.took)]
    if (second === undefined) texts.push(null, null)
    else texts.push(outcome(second), fallback.pending)
    texts.push(headers?.get('cf-cache-status'), plan.readsEvents ? headers?.get('flagstone-event') : null)
    this.pushHeaders(texts, (fallback ?? plan).asked, headers)
    this.write(texts)
    const message = this.ask(this.exports.ended, now)
    const failsOver = message.number() === 1
    const due = message.number()
    return { failsOver, due, changes: response === undefined || failsOver ? undefined : message.changes() }
  }

  /**
   * Answers a request that is for the edge itself, whose body is undefined if it is too long. If the client knows of a later
   * configuration (`isBehind`), that is to be fetched, and the request to be answered once more. `lines` are JSON, for whoever
   * takes reports.
   */
  answer(request, visitor, { headers, body, key, isLimited }, now) {
    const texts = this.requestTexts(request, visitor)
    for (const name of this.ownHeaders) texts.push(headers.get(name))
    // Here streams of events are kept.
    texts.push(body, key, isLimited ? '1' : '0', '1')
    this.write(texts)
    const message = this.ask(this.exports.answer, now)
    const isBehind = message.number() === 1
    this.isSpent = message.number() === 1
    return { isBehind, status: message.number(), edits: message.edits(), body: message.text(), lines: message.texts() }
  }

  /** What is due to be sent: lines for the guard, and for dashboards. */
  reports(now) {
    const message = this.ask(this.exports.reports, now)
    return { rollouts: message.texts(), tallies: message.texts() }
  }

  /** The changes to the headers of the origin's response that depend on it, and what to put into its page, if anything. */
  respond(plan, status, headers) {
    if (plan.asked === 0) return NO_CHANGES
    const texts = [plan.pending, String(status)]
    this.pushHeaders(texts, plan.asked, headers)
    this.write(texts)
    return this.ask(this.exports.respond).changes()
  }

  /** Where in a page that begins with these bytes an element goes: MORE, NOWHERE, or how many bytes come before it. */
  place(bytes) {
    this.reserve(bytes.length).set(bytes)
    return this.call(this.exports.place, bytes.length)
  }

  /** The response when the origin cannot be reached. */
  unreachable(plan) {
    this.write([plan.pending])
    const message = this.ask(this.exports.unreachable)
    return { status: message.number(), edits: message.edits(), body: message.text() }
  }

  /**
   * Fetches what the engine needs. `read(key, isImmutable)` promises the value as an `ArrayBuffer`, or null if the store has none;
   * `cache.read(key)` gives that or promises it for what other nodes of this place have compiled, and `cache.keep(key, bytes)` puts it there.
   * `now()` is the time.
   */
  async fetch(read, cache, now) {
    let message = this.ask(this.exports.fetch)
    let kind = message.number()
    while (kind === STORED || kind === CACHED) {
      const [need, isImmutable, key] = [message.number(), message.number() === 1, message.text()]
      let value
      let size
      try {
        value = await (kind === STORED ? read(key, isImmutable) : cache.read(key))
        size = value === null ? -1 : value.byteLength
      } catch (error) {
        console.error(`flagstone: \`${key}\`:`, error)
        size = -2
      }
      if (size > 0) this.reserve(size).set(new Uint8Array(value))
      message = this.ask(this.exports.take, need, size, now())
      // The engine keeps the bytes, and with them the room.
      this.capacity = 0
      kind = message.number()
    }
    if (kind !== KEEP) return this.learn()
    const [at, size, key] = [message.number(), message.number(), message.text()]
    const compiled = new Uint8Array(this.exports.memory.buffer, at, size).slice()
    this.learn()
    cache.keep(key, compiled)
  }

  /** Asks which parts of requests and responses this configuration needs. */
  learn() {
    const message = this.ask(this.exports.asks)
    this.headers = message.texts()
    this.geo = message.texts()
    this.needsAddress = message.number() === 1
    this.responseHeaders = message.texts()
    this.ownHeaders = message.texts()
  }

  writeRequest(request, visitor) {
    this.write(this.requestTexts(request, visitor))
  }

  requestTexts(request, visitor) {
    if (this.isSpent) {
      crypto.getRandomValues(this.random())
      this.isSpent = false
    }
    const { headers } = request
    const texts = [request.method, request.url]
    for (const name of this.headers) texts.push(headers.get(name))
    for (const field of this.geo) texts.push(visitor.geo(request, field))
    if (this.needsAddress) texts.push(visitor.address(request))
    return texts
  }

  readPlan(message, now) {
    const spent = message.number()
    if (spent === OWN) return undefined
    this.isSpent = spent === 1
    const plan = this.readAttempt(message)
    if (plan.hasFallback) {
      plan.now = now
      if (this.isSpent) plan.random = this.random().slice()
    }
    return plan
  }

  readAttempt(message) {
    const plan = {
      origin: message.text(),
      pathAndQuery: message.text(),
      cacheKey: message.text(),
      pending: message.text(),
      requestEdits: message.edits(),
      responseEdits: message.edits(),
      asked: message.number(),
      timeout: message.number(),
      isTold: message.number() === 1,
      isWatched: message.number() === 1,
      readsEvents: message.number() === 1,
      hasFallback: false,
      fallback: undefined,
      now: 0,
      random: undefined,
    }
    const fallback = message.number()
    plan.hasFallback = fallback !== NONE
    if (fallback === FOLLOWS) plan.fallback = this.readAttempt(message)
    return plan
  }

  /** Where the random bytes lie. */
  random() {
    return new Uint8Array(this.exports.memory.buffer, this.randomAt, 16)
  }

  /** Adds those of a response's headers that were asked for. */
  pushHeaders(texts, asked, headers) {
    for (let bit = 0; bit < this.responseHeaders.length; bit++) {
      texts.push(asked & (1 << bit) ? headers?.get(this.responseHeaders[bit]) : null)
    }
  }
}

function outcome({ response, failure }) {
  return response === undefined ? failure : String(response.status)
}
