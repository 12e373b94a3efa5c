// One engine in a process of its own.
//
// usage: node --expose-gc engine.mjs OUT ADAPTER FLAGS check|load|evaluate
// Prints a JSON object. `check` compares answers with the workload's; `load` is from the bytes to ready, and the memory that
// stays in use; `evaluate` is nanoseconds of one flag of each kind, with 1,000 flags, and of all flags. Times are
// of the wall, in small batches, of which the lower quartile counts.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { KINDS, expected, makeUsers, makeWorkload, segmentSets } from '../workload/model.mjs';
import { lowerQuartile } from './rounds.mjs';

const [out, name, count, mode] = process.argv.slice(2);
const flags = Number(count);
const [WARM, BATCHES, BATCH] = [250, 31, 8]; // milliseconds, but for the second
const now = () => Number(process.hrtime.bigint()) / 1e6;

const { default: engine } = await import(`../adapters/${name}.mjs`);
const { meta } = engine;
const workload = makeWorkload(flags);
const users = makeUsers();
const keys = workload.flags.map(({ key }) => key);
const file = path.join(out, `data/F${flags}`, meta.file);
const bytes = fs.readFileSync(file);
const server = meta.needsServer ? await serve() : undefined;
const load = (repetition) => engine.load(meta.isBinary ? bytes : bytes.toString('utf8'), { out, file, repetition, url: server?.url });

async function serve() {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'split-server.mjs'), file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (line) => done(Number(line))));
  return { child, url: `http://127.0.0.1:${port}` };
}

/** What is in use once garbage has been collected. */
function inUse() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

async function measureLoad() {
  const before = inUse();
  let loaded = await load(0);
  const after = inUse();
  const memory = Math.max(after.heap - before.heap, engine.wasmMemory?.(loaded) ?? 0, meta.isNative ? after.rss - before.rss : 0);
  const warm = [];
  const start = now();
  for (let repetition = 1; repetition <= 40 && (now() - start < 1500 || repetition <= 3); repetition++) {
    await engine.close(loaded);
    loaded = null;
    if (repetition % 4 === 1) globalThis.gc();
    const begin = now();
    loaded = await load(repetition);
    warm.push(now() - begin);
  }
  return { warm: lowerQuartile(warm) * 1e6, memory };
}

async function check(loaded, prepared) {
  const segments = segmentSets(workload);
  let [compared, mismatches, rollouts, hits, probability] = [0, 0, 0, 0, 0];
  for (const flag of workload.flags.slice(0, 1000)) {
    for (let index = 0; index < 64; index++) {
      const answer = await engine.evaluate(loaded, flag.key, prepared[index], flag.kind);
      const right = expected(segments, flag, users[index]);
      if (typeof right === 'boolean') {
        compared++;
        if (answer !== right) mismatches++;
      } else {
        rollouts++;
        hits += answer === true ? 1 : 0;
        probability += right;
      }
    }
  }
  return { compared, mismatches, rollouts, share: (hits - probability) / rollouts };
}

async function evaluate(loaded, prepared) {
  const runs = {
    sync(some, kind, times, first) {
      let [on, flag, user] = [0, first % some.length, first & 255];
      for (let time = 0; time < times; time++) {
        if (engine.evaluate(loaded, some[flag], prepared[user], kind)) on++;
        if (++flag === some.length) flag = 0;
        if ((time & 7) === 7) user = (user + 1) & 255;
      }
      return on;
    },
    async async(some, kind, times, first) {
      let [on, flag, user] = [0, first % some.length, first & 255];
      for (let time = 0; time < times; time++) {
        if (await engine.evaluate(loaded, some[flag], prepared[user], kind)) on++;
        if (++flag === some.length) flag = 0;
        if ((time & 7) === 7) user = (user + 1) & 255;
      }
      return on;
    },
  };
  const run = meta.isAsync ? runs.async : runs.sync;
  const one = {};
  for (const kind of flags === 1000 ? KINDS : []) {
    const some = workload.flags.filter((flag) => flag.kind === kind).map(({ key }) => key);
    let [times, taken] = [16, 0];
    for (const begin = now(); now() - begin < WARM;) {
      const start = now();
      await run(some, kind, times, 0);
      taken = now() - start;
      if (taken < BATCH / 2) times = Math.min(times * 2, 1 << 20);
    }
    times = Math.max(1, Math.round(times * BATCH / Math.max(taken, 0.01)));
    const batches = [];
    for (let batch = 0; batch < BATCHES; batch++) {
      const start = now();
      await run(some, kind, times, batch * 7919);
      batches.push((now() - start) * 1e6 / times);
    }
    one[kind] = lowerQuartile(batches);
  }
  let [user, calls] = [0, 1];
  const runAll = async (times) => {
    const start = now();
    for (let time = 0; time < times; time++) {
      const answers = engine.evaluateAll(loaded, prepared[user++ & 255], keys);
      if (meta.isAsync) await answers;
    }
    return now() - start;
  };
  for (const begin = now(); now() - begin < 2 * WARM;) {
    if (await runAll(calls) < BATCH / 2) calls *= 2;
  }
  const all = [];
  for (const begin = now(); (now() - begin < 2 * BATCHES * BATCH || all.length < 3) && all.length < BATCHES;) {
    all.push(await runAll(calls) * 1e6 / calls);
  }
  return { one, all: lowerQuartile(all) };
}

/** Nanoseconds of a visitor's bucket, in a loop of the engine's own. */
function measureBucket(loaded) {
  const TIMES = 20_000;
  const batches = Array.from({ length: BATCHES + 20 }, () => {
    const start = now();
    engine.bucket(loaded, TIMES);
    return (now() - start) * 1e6 / TIMES;
  });
  return lowerQuartile(batches.slice(20));
}

const result = { adapter: name, name: meta.name, package: meta.package, flags, mode };
if (mode === 'load') {
  Object.assign(result, await measureLoad());
} else {
  const loaded = await load(0);
  const prepared = users.map((user) => engine.user(user, loaded));
  Object.assign(result, await (mode === 'check' ? check : evaluate)(loaded, prepared));
  if (mode === 'evaluate' && engine.bucket) result.bucket = measureBucket(loaded);
}
console.log(JSON.stringify(result));
server?.child.stdin.end();
process.exit(0);
