// Times what a rollout costs a node, in the wasm named by the argument: the median of rounds, of which each repeats an
// operation for a while.

import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'

const ROUNDS = 15
/** Name, repetitions in a round, and the target in nanoseconds; `nothing` is what the loop takes that makes the fetches. */
const OPERATIONS = [
  ['nothing', 4_000_000],
  ['successes', 4_000_000, 5],
  ['events', 1_000_000, 200],
  ['strata', 5_000, 20_000],
]

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]))
const { exports } = instance
console.log(`Node ${process.version}, ${process.arch}; nanoseconds, median of ${ROUNDS} rounds (fastest)`)
for (const [name, repetitions, target] of OPERATIONS) {
  // So that the compiler that optimizes has been here.
  exports[name](repetitions)
  const times = Array.from({ length: ROUNDS }, () => {
    const begin = performance.now()
    exports[name](repetitions)
    return ((performance.now() - begin) * 1e6) / repetitions
  })
  times.sort((a, b) => a - b)
  console.log(`${name}: ${times[ROUNDS >> 1].toFixed(1)} (${times[0].toFixed(1)})${target ? `, target ${target}` : ''}`)
}
console.log(`a breaker and its filter: ${exports.state()} bytes, target 160`)
