// An instance of the wasm, seen from JavaScript: texts go in, messages come out. In which form, is described in
// crates/flagstone-edge/src/wire/texts.rs and message.rs; this file must agree with them.

/** The length of a text that is absent. */
const ABSENT = 0xffffffff
/** Bytes of a number. */
const NUMBER = 4
/** UTF-8 takes at most so many bytes for one unit of a JavaScript string. */
const WIDEST = 3

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Its methods throw when it breaks, and then it is of no more use (`isBroken`): whoever has it makes another. */
export class Instance {
  /** @param exports the functions and the memory of an instance, which holds nothing yet */
  constructor(exports) {
    this.exports = exports
    this.isBroken = false
    this.memory = new DataView(exports.memory.buffer)
    this.bytes = new Uint8Array(0)
    this.capacity = 0
  }

  /** Writes texts, of which some may be absent; gives their bytes. */
  write(texts) {
    let all = ''
    for (const text of texts) if (text != null) all += text
    const start = NUMBER * texts.length
    const bytes = this.reserve(start + WIDEST * all.length)
    const { view } = this
    const isAscii = encoder.encodeInto(all, bytes.subarray(start)).written === all.length
    let at = start
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index]
      let length = ABSENT
      if (text != null) {
        // Texts that are not ASCII are written once more, each for itself, to know where it ends.
        length = isAscii ? text.length : encoder.encodeInto(text, bytes.subarray(at)).written
        at += length
      }
      view.setUint32(NUMBER * index, length, true)
    }
    return at
  }

  /** The room, for at least so many bytes. */
  reserve(size) {
    // When the memory grows, what is seen of it is lost: a view of it then has no bytes.
    if (size > this.capacity || this.bytes.length === 0) {
      // Rounded up, so that few requests need more than the one before.
      this.capacity = Math.max(size, this.capacity, 16_384)
      const at = this.call(this.exports.room, this.capacity)
      this.bytes = new Uint8Array(this.exports.memory.buffer, at, this.capacity)
      this.view = new DataView(this.exports.memory.buffer, at, this.capacity)
    }
    return this.bytes
  }

  /** Calls the wasm, and reads the message whose address it gives. */
  ask(function_, first, second, third) {
    const at = this.call(function_, first, second, third)
    if (at === 0) throw new Error('the wasm was given what it cannot read')
    const { buffer } = this.exports.memory
    // The memory has a new buffer when it has grown.
    if (this.memory.buffer !== buffer) this.memory = new DataView(buffer)
    return new Message(this.memory, at)
  }

  call(function_, first, second, third) {
    if (this.isBroken) throw new Error('the wasm has broken before')
    try {
      // A wasm function passes over arguments that it has no use for.
      return function_(first, second, third)
    } catch (error) {
      this.isBroken = true
      throw error
    }
  }
}

/** What the wasm has said, read from the beginning; it must be read before the next call. */
class Message {
  constructor(memory, at) {
    const text = at + NUMBER * memory.getUint32(at, true)
    this.memory = memory
    this.next = at + 2 * NUMBER
    this.bytes = new Uint8Array(memory.buffer, text, memory.getUint32(at + NUMBER, true))
    this.all = decoder.decode(this.bytes)
    this.isAscii = this.all.length === this.bytes.length
    this.place = 0
  }

  number() {
    const number = this.memory.getUint32(this.next, true)
    this.next += NUMBER
    return number
  }

  text() {
    const start = this.place
    this.place += this.number()
    // Of texts that are not all ASCII each is decoded for itself, since its length is in bytes.
    return this.isAscii ? this.all.slice(start, this.place) : decoder.decode(this.bytes.subarray(start, this.place))
  }

  texts() {
    return Array.from({ length: this.number() }, () => this.text())
  }

  /** Changes to a response: to its headers, and what to put into its page. */
  changes() {
    return { edits: this.edits(), element: this.text() }
  }

  /** Changes to headers: kind, name and value of each, for `headers.mjs`. */
  edits() {
    const edits = []
    for (let count = this.number(); count > 0; count--) edits.push(this.number(), this.text(), this.text())
    return edits
  }
}
