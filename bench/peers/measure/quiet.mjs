// Whether the machine is quiet. Programs that share its caches and its memory, be they in other virtual machines, slow ours without taking a core
// from them, so that no clock of CPU and no load average tells. How long memory takes to answer does.
import fs from 'node:fs';
import { median } from './rounds.mjs';

/** Integers of a cache's line. */
const LINE = 16;
/** Lines that are read, each once in a walk: 4 MiB, more than the caches of a core itself hold. */
const LINES = 1 << 16;
/** The machine is quiet while a read takes no longer than so many times the least that was ever seen on it. */
const QUIET = 2;
/** Milliseconds until it is looked at again. */
const PAUSE = 1000;

const ring = makeRing();

/** Each line says which comes after it, in an order that no hardware foresees; the last leads to the first. */
function makeRing() {
  const order = Array.from({ length: LINES }, (_, line) => line);
  let random = 1;
  for (let left = LINES - 1; left > 0; left--) {
    random = (Math.imul(random, 0x9e3779b1) + 1) >>> 0;
    const other = random % (left + 1);
    [order[left], order[other]] = [order[other], order[left]];
  }
  const next = new Int32Array(LINES * LINE);
  order.forEach((line, place) => { next[line * LINE] = order[(place + 1) % LINES] * LINE; });
  return next;
}

/** Walks over all lines; gives nanoseconds a read. */
function walk() {
  const begin = process.hrtime.bigint();
  let at = 0;
  for (let step = 0; step < LINES; step++) at = ring[at];
  if (at !== 0) throw new Error('not a ring');
  return Number(process.hrtime.bigint() - begin) / LINES;
}

/** Nanoseconds of a read: the middle of three walks, after one that brings the lines near and has the code compiled. */
function readTime() {
  walk();
  return median([walk(), walk(), walk()]);
}

/**
 * Looks at the machine before each turn of a phase, and waits until it is quiet, up to `patience` minutes in all, or as many as `BENCH_PATIENCE`
 * says. `file` keeps the least that was ever seen, in nanoseconds, so that a machine that is never quiet during a run does not pass for one.
 */
export function makeWatch(file, patience) {
  let least = fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : Infinity;
  const allowed = Number(process.env.BENCH_PATIENCE ?? patience) * 60_000;
  let left = allowed;
  const seen = [];
  const look = () => {
    const time = readTime();
    if (time < least) fs.writeFileSync(file, String(least = time));
    return time;
  };
  return {
    wait() {
      let time = look();
      if (time > QUIET * least && left > 0 && left === allowed) {
        console.error(`waiting for a quiet machine, up to ${allowed / 60_000} minutes: a read takes ${time.toFixed(0)} ns, at its best ${least.toFixed(0)}`);
      }
      while (time > QUIET * least && left > 0) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
        left -= PAUSE;
        time = look();
      }
      seen.push(time);
    },
    /** The day; what a read took before turns, in nanoseconds, and the least ever; how many turns began while the machine was not quiet. */
    told: () => ({
      day: new Date().toISOString().slice(0, 10), least, median: median(seen), loud: seen.filter((time) => time > QUIET * least).length, turns: seen.length,
      waited: (allowed - left) / 60_000,
    }),
  };
}
