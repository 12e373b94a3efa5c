// Whether the machine is quiet. Programs that share its caches and its memory, be they in other virtual machines, slow ours without taking a core
// from them, so that no clock of CPU and no load average tells. How long memory takes to answer does.
import fs from 'node:fs';
import path from 'node:path';
import { median } from './rounds.mjs';

/** Integers of a cache's line. */
const LINE = 16;
/** Lines that are read, each once in a walk: 4 MiB, more than the caches of a core itself hold. */
const LINES = 1 << 16;
/** The machine is quiet while a read takes no longer than so many times the least that was ever seen on it. */
export const QUIET = 2;
/** Keeps that least, in nanoseconds, so that a machine that is never quiet during a run does not pass for one. */
const LEAST = path.resolve(import.meta.dirname, '../../../target/bench/least-read');
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

/** Looks at the machine before each turn of a phase, and waits until it is quiet, up to `patience` minutes in all, or as many as `BENCH_PATIENCE` says. */
export function makeWatch(patience) {
  let least = (fs.existsSync(LEAST) && Number(fs.readFileSync(LEAST, 'utf8'))) || Infinity;
  const allowed = Number(process.env.BENCH_PATIENCE ?? patience) * 60_000;
  let left = allowed;
  const reads = [];
  const look = () => {
    const time = readTime();
    if (time < least) {
      least = time;
      fs.mkdirSync(path.dirname(LEAST), { recursive: true });
      fs.writeFileSync(LEAST, String(least));
    }
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
      reads.push(time);
    },
    /** The day, the least read ever, what a read took before each turn, in nanoseconds, and the minutes that were waited. */
    told: () => ({ day: new Date().toISOString().slice(0, 10), least, reads, waited: (allowed - left) / 60_000 }),
  };
}
