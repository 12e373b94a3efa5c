// A seeded generator: what is drawn depends on the seed alone, so that a difference can be found again.

export class Random {
  /** @param {string} seed any text; equal texts give equal draws */
  constructor(seed) {
    // xmur3 spreads the text over the state of sfc32.
    let h = 1779033703 ^ seed.length
    for (let i = 0; i < seed.length; i++) {
      h = Math.imul(h ^ seed.charCodeAt(i), 3432918353)
      h = (h << 13) | (h >>> 19)
    }
    const word = () => {
      h = Math.imul(h ^ (h >>> 16), 2246822507)
      h = Math.imul(h ^ (h >>> 13), 3266489909)
      return (h ^= h >>> 16) >>> 0
    }
    this.state = [word(), word(), word(), word()]
    for (let i = 0; i < 12; i++) this.next()
  }

  /** A number in [0, 1). */
  next() {
    const s = this.state
    const t = (((s[0] + s[1]) | 0) + s[3]) | 0
    s[3] = (s[3] + 1) | 0
    s[0] = s[1] ^ (s[1] >>> 9)
    s[1] = (s[2] + (s[2] << 3)) | 0
    s[2] = (s[2] << 21) | (s[2] >>> 11)
    s[2] = (s[2] + t) | 0
    return (t >>> 0) / 4294967296
  }

  /** A whole number from `low` to `high`, both included. */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(share) {
    return this.next() < share
  }

  pick(list) {
    return list[this.int(0, list.length - 1)]
  }

  /** One of the functions of `[[weight, make], …]`, called. */
  choose(...choices) {
    let at = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, make] of choices) {
      at -= weight
      if (at < 0) return make()
    }
    return choices[choices.length - 1][1]()
  }

  /** What `make` gives, `low` to `high` times. */
  list(low, high, make) {
    return Array.from({ length: this.int(low, high) }, (_, index) => make(index))
  }

  /** What `make` gives, or nothing: a member that JSON leaves out. */
  maybe(share, make) {
    return this.chance(share) ? make() : undefined
  }
}
