// Measures engines, Workers and services beside one another.
//
// usage: node main.mjs OUT PROGRAMS quick|full [phase…]
//
// PROGRAMS is a JSON file with the places of what `cargo xtask bench` has built. Each phase writes OUT/results/<phase>.json;
// without names all of them run, in this order.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { ENGINES, PARTS } from './engines.mjs';
import { measureEval } from './measure/eval.mjs';
import { prepare } from './measure/prepare.mjs';
import { makeWatch } from './measure/quiet.mjs';
import { measureViceroy } from './measure/viceroy.mjs';
import { measureStarts, measureWorkers } from './measure/workerd.mjs';
import { lowerQuartile, median, takeTurns } from './measure/rounds.mjs';
import { STARTS, WORKERS } from './workers.mjs';
import { KINDS } from './workload/model.mjs';

const [folder, programsFile, planName, ...only] = process.argv.slice(2);
const out = path.resolve(folder);
const programs = JSON.parse(fs.readFileSync(programsFile, 'utf8'));
const all = fs.readdirSync(path.join(import.meta.dirname, 'adapters')).map((file) => path.basename(file, '.mjs')).filter((name) => name !== 'each' && name !== 'bare-wasm');
/** The engines that come nearest, and those that targets are about: measured in every round. */
const NEAR = ['flagstone-index', 'flagstone-key', 'flagstone-package', 'flagstone-launchdarkly', 'probe-index', 'probe-key', 'hand-written', 'growthbook', 'flagd', 'launchdarkly'];
const NEAR_WORKERS = ['empty', 'headers-only', 'proxy', 'proxy-again', 'proxy-edits', 'carries-core', 'carries-worker', 'flagstone-wasm', 'flagstone-library', 'flagstone-worker', 'flagstone-route', 'flagstone-pipeline', 'hand-route', 'hand-pipeline', 'probe', 'growthbook', 'launchdarkly'];
/** Numbers of flags that targets are about; others are measured once. */
const NEAR_SIZES = [1000, 10_000];
/**
 * `rounds` are those of engines, `requests` those of Workers, `starts` those of their starts, `turns` those of Fastly's services; `patience` is how many
 * minutes a phase waits, in all, for the machine to be quiet.
 */
const PLANS = {
  quick: { sizes: NEAR_SIZES, rounds: 2, requests: 1, starts: 12, turns: 4, patience: 1, adapters: NEAR, workers: NEAR_WORKERS },
  full: { sizes: [10, 100, ...NEAR_SIZES], rounds: 3, requests: 6, starts: 40, turns: 16, patience: 10, adapters: all, workers: Object.keys(WORKERS).filter((name) => !WORKERS[name].isStart) },
};
const plan = { ...PLANS[planName] };
/** Some Workers alone, for who changes one. */
if (process.env.BENCH_WORKERS) plan.workers = process.env.BENCH_WORKERS.split(',');
const say = (line) => console.error(line);

function child(adapter, flags, mode) {
  const args = ['--expose-gc', '--max-old-space-size=6000', path.join(import.meta.dirname, 'measure/engine.mjs'), out, adapter, String(flags), mode];
  const { stdout, stderr } = spawnSync(programs.node, args, { encoding: 'utf8', timeout: 180_000, maxBuffer: 1 << 26 });
  const line = stdout?.trim().split('\n').filter((line) => line.startsWith('{')).pop();
  if (!line) throw new Error(`${adapter}, ${flags} flags, ${mode}: ${stderr}`);
  return JSON.parse(line);
}

/** Rows whose answers were compared with the workload's. */
function right(rows) {
  for (const row of rows) isRight(row.name, row);
  return rows;
}

/** Ends the run if answers are not the workload's, or if the share of rollouts is further from it than five times what chance makes it. */
function isRight(name, { mismatches, share = 0, rollouts = 0 }) {
  if (mismatches > 0) throw new Error(`${name}: ${mismatches} answers are not the workload's`);
  if (Math.abs(share) * Math.sqrt(rollouts) > 2.5) throw new Error(`${name}: the share of ${rollouts} rollouts is off by ${share}`);
}

const PHASES = {
  prepare: async () => {
    const code = await prepare(out, programs, plan.sizes);
    const bytes = (flags, name) => {
      const file = path.join(out, `data/F${flags}`, name);
      const raw = fs.readFileSync(file);
      return { raw: raw.length, gzip: Number(execFileSync('sh', ['-c', 'gzip -9 -c "$0" | wc -c', file], { encoding: 'utf8' })) };
    };
    const names = fs.readdirSync(path.join(out, `data/F${plan.sizes[0]}`)).filter((name) => /^flagstone\.snapshot$|\.json$|\.bin$/.test(name) && !name.includes('control'));
    return { code, snapshots: Object.fromEntries(plan.sizes.map((flags) => [flags, Object.fromEntries(names.map((name) => [name, bytes(flags, name)]))])) };
  },
  check: () => plan.adapters.map((adapter) => {
    const checked = child(adapter, 1000, 'check');
    isRight(adapter, checked);
    return checked;
  }),
  native: async (wait) => {
    const rows = plan.sizes.flatMap((flags) => [...Object.keys(ENGINES), ...(flags === 1000 ? PARTS : [])].map((engine) => (
      { engine, flags, turns: NEAR_SIZES.includes(flags) ? plan.rounds : 1 })));
    const turn = ({ engine, flags }) => {
      const results = JSON.parse(execFileSync(programs.engines, [path.join(out, 'data'), String(flags), engine], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
      isRight(engine, results);
      return results;
    };
    await takeTurns(rows, plan.rounds, turn, { wait, tell: (round) => say(`Rust engines, ${round}`), first: 1 });
    return rows.map(({ engine, flags, rounds }) => ({
      engine, flags, results: Object.fromEntries(Object.keys(rounds[0]).map((of) => [of, lowerQuartile(rounds.map((results) => results[of]))])),
    }));
  },
  engines: (wait) => {
    const rounds = [];
    for (let round = 0; round < plan.rounds; round++) {
      for (const flags of round === 0 ? plan.sizes : NEAR_SIZES) {
        for (const adapter of round === 0 ? plan.adapters : NEAR) {
          // LaunchDarkly's flags are there to be bucketed.
          const modes = adapter === 'flagstone-launchdarkly' && flags !== 1000 ? [] : ['load', 'evaluate'];
          for (const mode of modes) {
            wait();
            rounds.push(child(adapter, flags, mode));
          }
        }
        say(`engines in Node, ${flags} flags, round ${round + 1} of ${plan.rounds}`);
      }
    }
    const key = ({ adapter, flags }) => `${adapter} ${flags}`;
    return [...new Set(rounds.map(key))].map((of) => {
      const rows = rounds.filter((row) => key(row) === of);
      const { adapter, name, package: from, flags } = rows[0];
      const number = (read) => lowerQuartile(rows.map(read));
      const one = (kind) => number((row) => row.one?.[kind]);
      return {
        adapter, name, package: from, flags, warm: number((row) => row.warm),
        memory: median(rows.map((row) => row.memory)), all: number((row) => row.all), bucket: number((row) => row.bucket),
        one: Object.fromEntries(KINDS.map((kind) => [kind, one(kind)])),
      };
    });
  },
  workers: async (wait) => right(await measureWorkers({ wait, out, program: programs.load, names: plan.workers, isNear: (name) => NEAR_WORKERS.includes(name), flags: 1000, rounds: plan.requests, say })),
  starts: async (wait) => right(await measureStarts({ wait, out, names: STARTS, flags: 1000, rounds: plan.starts, say })),
  fastly: async (wait) => {
    const rows = [];
    for (const flags of NEAR_SIZES) rows.push(...await measureViceroy({ wait, out, programs, flags, rounds: plan.turns, say }));
    return right(rows);
  },
  eval: (wait) => measureEval({ wait, out, program: programs.flagstone, rounds: plan.rounds + 1 }),
};

fs.mkdirSync(path.join(out, 'results'), { recursive: true });
const node = spawnSync(programs.node, ['-p', '`${process.version}, V8 ${process.versions.v8}`'], { encoding: 'utf8' }).stdout.trim();
for (const phase of only.length ? only : Object.keys(PHASES)) {
  const begin = Date.now();
  const watch = makeWatch(plan.patience);
  const result = await PHASES[phase](watch.wait);
  fs.writeFileSync(path.join(out, 'results', `${phase}.json`), JSON.stringify({ plan: planName, rounds: plan.rounds, node, load: os.loadavg()[0], machine: watch.told(), result }, null, 1));
  say(`${phase}: ${((Date.now() - begin) / 1000).toFixed(0)} s`);
}
process.exit(0);
