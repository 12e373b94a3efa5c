// Rounds, in which all that is compared has its turn, and what is made of them.

/** Seconds that a batch of requests takes. */
export const BATCH = 0.4;
/**
 * The same of Workers. workerd collects garbage after some 25,000 requests, for 0.2 seconds of CPU on several threads, which is a fourth of all: to
 * have or not to have one more of that must not matter.
 */
export const WORKERS_BATCH = 5;

/** Sends requests until a runtime has compiled what is called often, multiples of `unit`; gives how many a second were answered. */
export function warmUp(send, unit) {
  let rate = 0;
  for (const least of [8, 64, 512, 2048]) {
    const requests = Math.ceil(least / unit) * unit;
    const { seconds } = send(requests);
    rate = requests / seconds;
    if (seconds > 0.5) break;
  }
  return rate;
}

/** A function that sends a batch of requests, which takes so many seconds; they are a multiple of `unit`. */
export function batch(send, seconds, unit) {
  const requests = Math.max(1, Math.round(warmUp(send, unit) * seconds / unit)) * unit;
  return () => send(requests);
}

/**
 * In each of `rounds` rounds each row has its turn, in the first `turns` of them if it has that, after a round that nobody counts unless `first` is 1.
 * What `turn` gives is in the row's `rounds` then. `wait` is called before each turn that counts, `tell` after each round.
 */
export async function takeTurns(rows, rounds, turn, { wait, tell, first = 0 }) {
  for (const row of rows) row.rounds = [];
  for (let round = first; round <= rounds; round++) {
    for (const row of shuffled(rows.filter(({ turns = rounds }) => round <= turns), round)) {
      if (round > 0) wait();
      const measured = await turn(row, round);
      if (round > 0) row.rounds.push(measured);
    }
    tell(`round ${round} of ${rounds}`);
  }
}

/** In another order each round, so that nobody always comes after the same: what went before has its traces in caches. */
function shuffled(rows, round) {
  const place = (index) => Math.imul(index + 1, 0x9e3779b1 + 2 * round * 0x85ebca77) >>> 0;
  return rows.map((row, index) => ({ row, place: place(index) })).sort((a, b) => a.place - b.place).map(({ row }) => row);
}

/** What a row takes above the mean of others in the same round: what the machine does meanwhile is in both. */
export const above = (row, bases, read) => middle(row.rounds.map((measured, round) => read(measured) - mean(bases.map(({ rounds }) => read(rounds[round])))));

const sorted = (values) => values.filter(Number.isFinite).sort((a, b) => a - b);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of the middle half: of what comes now and then, such as collecting garbage, it has a share, and of what others do on the machine little. */
export function middle(values) {
  const all = sorted(values);
  const rest = Math.floor(all.length / 4);
  return mean(all.slice(rest, all.length - rest));
}

export function median(values) {
  const all = sorted(values);
  return all[Math.floor((all.length - 1) / 2)];
}

/** Noise on a machine that others use only adds time, so where garbage is nobody's the lower quartile says more than the median. */
export function lowerQuartile(values) {
  const all = sorted(values);
  return all[Math.floor((all.length - 1) / 4)];
}
