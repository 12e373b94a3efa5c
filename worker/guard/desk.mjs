// The border between JavaScript and the guard's wasm, seen from here; `src/lib.rs` says what crosses it.

import module from './pkg/guard.wasm'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One instance of the wasm. When one of its methods has thrown, or what `lead` gave was not stored, make another. */
export class Desk {
  /**
   * @param now the time, as everywhere here in Unix milliseconds
   * @param terms what rollouts are led by
   * @param find gives the stored state of a rollout as an `ArrayBuffer`, undefined if there is none
   */
  constructor(now, { budget, reaction, ceiling, adopt }, find) {
    let found
    const guard = {
      log: (at, size) => console.error('flagstone:', decoder.decode(this.bytes(at, size))),
      find: (id) => {
        found = find(BigInt.asUintN(64, id).toString(16).padStart(16, '0'))
        return found === undefined ? -1 : found.byteLength
      },
      copy: (at) => this.bytes(at, found.byteLength).set(new Uint8Array(found)),
    }
    this.exports = new WebAssembly.Instance(module, { guard }).exports
    this.exports.start(now, budget, reaction, ceiling, adopt ? 1 : 0)
  }

  /** Takes the control document. Gives the key of the snapshot that comes next, undefined if that is here. */
  control(bytes) {
    return this.ask(this.exports.control, bytes).snapshot
  }

  /** Takes that snapshot. Gives the flags that no guard can lead: { flag, why }. */
  snapshot(bytes) {
    return this.ask(this.exports.snapshot, bytes).unfit
  }

  /** Begins a turn: goes by the control document that is here. What the last turn gave has been stored. Gives flags as `snapshot`. */
  follow(now) {
    return this.read(this.exports.follow(now)).unfit
  }

  /** Takes a batch of lines. Gives what came of them, as JSON. */
  take(lines, now) {
    return this.ask(this.exports.take, encoder.encode(lines), now).taken
  }

  /**
   * Decides. Gives the states, { id, state }, and decisions that are to be stored before anything else is done, and whether it
   * is to look again in ten seconds.
   */
  lead(now) {
    const { states, decisions, isLeading } = this.read(this.exports.lead(now))
    return { states: states.map(({ id, at, size }) => ({ id, state: this.bytes(at, size).slice() })), decisions, isLeading }
  }

  /** What the control document is to be, `text`, and audit lines, { sequence, text }; without `text` if it is to stay. */
  publish(mark, now) {
    return this.ask(this.exports.publish, encoder.encode(mark), now)
  }

  /** The answer to a request below the health page's path; what is asked and answered is in `src/page.rs`. */
  page(asked, now) {
    return this.ask(this.exports.page, encoder.encode(JSON.stringify(asked)), now)
  }

  /** What is at a path, undefined if nothing is. */
  answer(path, untold, now) {
    const bytes = encoder.encode(path)
    this.write(bytes)
    return this.read(this.exports.answer(bytes.length, untold, now)).text ?? undefined
  }

  ask(function_, bytes, now) {
    this.write(bytes)
    return this.read(function_(bytes.length, now))
  }

  write(bytes) {
    this.bytes(this.exports.room(bytes.length), bytes.length).set(bytes)
  }

  /** The message at an address. */
  read(at) {
    const all = new Uint8Array(this.exports.memory.buffer)
    const message = JSON.parse(decoder.decode(all.subarray(at, all.indexOf(0, at))))
    if (message.error !== undefined) throw new Error(message.error)
    return message
  }

  bytes(at, size) {
    return new Uint8Array(this.exports.memory.buffer, at, size)
  }
}
