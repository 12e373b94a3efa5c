// CPU time until a LaunchDarkly document can be evaluated, in workerd: ours beside their edge SDK, on the same bytes, in turn.
//
// usage: node bench.mjs OUT WASM FRAME FIVE PLAN
// OUT gets what is made; WASM is `target/wasm/import-launchdarkly.wasm`, FRAME the snapshot of a file with `[source]` that exposes
// all flags, FIVE that of one that exposes five; PLAN is `quick` or `full`.
// Prints one JSON object. Time is what the scheduler counted, for the thread that runs the Worker, as platforms count it, and
// for all threads, which also compile code and collect garbage. Other work on the machine counts little so; the least of all
// rounds is given, since such noise only adds.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { makeWatch } from '../peers/measure/quiet.mjs';
import { document } from './workload.mjs';

const [out, wasm, frame, five, planName] = process.argv.slice(2);
const here = import.meta.dirname;
const root = path.resolve(here, '../..');
const require = createRequire(path.join(root, 'node_modules/miniflare/package.json'));
const workerd = require('workerd').default;
const SIZES = [{ flags: 1000, times: 20 }, { flags: 10000, times: 3 }];
/**
 * `kept` finds what another node has compiled, all flags exposed, and leaves out what a cache takes to answer. `reading` reads the
 * JSON, and does nothing with it; `least` also hashes and copies what it says, by hand; `lowering` makes a model of it, and writes nothing.
 * `parsing` is the runtime's own `JSON.parse`.
 */
const ENGINES = { flagstone: '?of=frame', five: '?of=five', kept: '?of=kept', reading: '?of=tape', least: '?of=least', lowering: '?of=model', launchdarkly: '?of=sdk', parsing: '?of=json' };
/** `patience` is how many minutes are waited, in all, for the machine to be quiet. */
const PLANS = { quick: { rounds: 3, patience: 1 }, full: { rounds: 5, patience: 5 } };
const { rounds, patience } = PLANS[planName];
const program = (engine) => (['launchdarkly', 'parsing'].includes(engine) ? 'launchdarkly' : 'flagstone');

fs.mkdirSync(out, { recursive: true });
fs.copyFileSync(wasm, path.join(out, 'flagstone.wasm'));
fs.copyFileSync(frame, path.join(out, 'frame.bin'));
fs.copyFileSync(five, path.join(out, 'five.bin'));
for (const engine of ['flagstone', 'launchdarkly']) {
  await build({
    entryPoints: [path.join(here, `${engine}.worker.mjs`)], outfile: path.join(out, `${engine}.mjs`), bundle: true,
    format: 'esm', external: ['*.wasm', '*.bin', 'node:*'], logLevel: 'error',
  });
}

/** What a node leaves to others of a document, all flags exposed. */
function compiled(text) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(wasm)));
  const place = (bytes) => {
    const at = exports.memory.grow(Math.ceil(bytes.length / 65_536)) * 65_536;
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    return [at, bytes.length];
  };
  const given = [...place(fs.readFileSync(frame)), ...place(Buffer.from(text))];
  const [at, size] = [exports.keep(...given), exports.compile(...given)];
  return Buffer.from(exports.memory.buffer, at, size);
}

function configuration(engine) {
  const modules = [`(name = "main", esModule = embed "${engine}.mjs")`, '(name = "document.bin", data = embed "document.bin")'];
  if (engine === 'flagstone') {
    modules.push('(name = "flagstone.wasm", wasm = embed "flagstone.wasm")', '(name = "frame.bin", data = embed "frame.bin")', '(name = "five.bin", data = embed "five.bin")', '(name = "kept.bin", data = embed "kept.bin")');
  }
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${modules.join(', ')}], compatibilityDate = "2026-01-01", compatibilityFlags = ["nodejs_compat"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);`;
}

/** Milliseconds of CPU that the first thread of a process has had, which runs the Worker, and all of its threads. */
const cpu = (pid) => {
  const had = (task) => Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  const all = fs.readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + had(task), 0);
  return { own: had(pid), all };
};

const get = (port, engine, times) => new Promise((done, failed) => {
  http.get({ host: '127.0.0.1', port, path: `/${ENGINES[engine]}&times=${times}` }, (response) => {
    response.resume();
    response.on('end', () => (response.statusCode === 200 ? done() : failed(new Error(`status ${response.statusCode}`))));
  }).on('error', failed);
});

async function measure(engine, { times }) {
  const file = path.join(out, `${program(engine)}.capnp`);
  fs.writeFileSync(file, configuration(program(engine)));
  // The runtime itself, not npm's launcher of it: the process whose time is read.
  const running = spawn(workerd, ['serve', file, '--control-fd=3'], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  try {
    const port = await new Promise((done, failed) => {
      running.on('exit', () => failed(new Error('workerd has ended')));
      running.stdio[3].on('data', (line) => {
        const told = JSON.parse(String(line).trim().split('\n')[0]);
        if (told.event === 'listen') done(told.port);
      });
    });
    await get(port, engine, 0);
    const taken = async (count) => {
      const before = cpu(running.pid);
      await get(port, engine, count);
      const after = cpu(running.pid);
      return { own: (after.own - before.own) / count, all: (after.all - before.all) / count };
    };
    return { first: await taken(1), warm: await taken(times) };
  } finally {
    running.removeAllListeners('exit');
    running.kill('SIGKILL');
  }
}

const least = (a, b) => ({ own: Math.min(a.own, b.own), all: Math.min(a.all, b.all) });
const version = (of) => JSON.parse(fs.readFileSync(path.join(of, 'package.json'), 'utf8')).version;
const versions = {
  workerd: version(path.resolve(require.resolve('workerd'), '../..')),
  '@launchdarkly/js-server-sdk-common-edge': version(path.join(here, 'node_modules/@launchdarkly/js-server-sdk-common-edge')),
};
const watch = makeWatch(patience);
const results = [];
for (const size of SIZES) {
  const text = document(size.flags);
  fs.writeFileSync(path.join(out, 'document.bin'), text);
  fs.writeFileSync(path.join(out, 'kept.bin'), compiled(text));
  const unknown = { own: Infinity, all: Infinity };
  const best = Object.fromEntries(Object.keys(ENGINES).map((engine) => [engine, { first: unknown, warm: unknown }]));
  for (let round = 0; round < rounds; round++) {
    for (const engine of Object.keys(ENGINES)) {
      watch.wait();
      const { first, warm } = await measure(engine, size);
      best[engine] = { first: least(best[engine].first, first), warm: least(best[engine].warm, warm) };
    }
  }
  results.push({ flags: size.flags, bytes: text.length, ...best });
}
console.log(JSON.stringify({ versions, rounds, machine: watch.told(), results }));
