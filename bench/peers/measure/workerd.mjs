// Workers in workerd, a process each: CPU of a request with 1 and with 32 connections, and of a start up to the first answer.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { ASKED, asked, expected, makeUsers, makeWorkload, segmentSets } from '../workload/model.mjs';
import { EMPTY, WORKERS, isProxy } from '../workers.mjs';
import { cpuAtRest, firstAnswer, get, heads, headersOf, load, mean, median, memory, middle, shuffled, start } from './process.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const require = createRequire(path.join(root, 'node_modules/miniflare/package.json'));
const workerd = require('workerd').default;
const PORT = 18_799;
/**
 * Seconds that a batch of requests takes, with many connections and with one. Garbage is collected after some ten thousand requests, for 50
 * milliseconds at a time, and is a fifth of their CPU: a batch has to have its share of that.
 */
const [BATCH, BATCH_OF_ONE] = [0.4, 0.06];
const users = makeUsers();
const requestHeads = heads(users);

function configuration(out, name, flags, keys, port) {
  const worker = WORKERS[name];
  const folder = path.join(out, 'workers', name);
  const data = path.join(out, `data/F${flags}`);
  const modules = ['(name = "main.js", esModule = embed "main.js")'];
  for (const file of fs.readdirSync(folder)) if (file.endsWith('.wasm')) modules.push(`(name = "${file}", wasm = embed "${file}")`);
  // Ours as it is published: a control document, the snapshot, its cut. The others' document has one name or another.
  const copy = (from, to) => fs.copyFileSync(path.join(data, from), path.join(folder, to));
  copy(worker.ours ? `${worker.ours}.snapshot` : worker.data, 'value.bin');
  copy(worker.ours ? `${worker.ours}.cut` : worker.data, 'cut.bin');
  const control = worker.ours ? fs.readFileSync(path.join(data, `${worker.ours}.control.json`), 'utf8') : '{}';
  const { snapshot, cuts } = JSON.parse(control);
  const store = `import value from 'value.bin';
    import cut from 'cut.bin';
    const named = { ${worker.ours ? `${JSON.stringify(cuts[snapshot])}: cut, control: ${JSON.stringify(control)}` : ''} };
    export default { fetch: (request) => new Response(named[decodeURIComponent(new URL(request.url).pathname).split('/').pop()] ?? value) }`;
  const origin = "export default { fetch: () => new Response('ok') }";
  const text = JSON.stringify;
  const file = path.join(folder, `${flags}.capnp`);
  fs.writeFileSync(file, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .main), (name = "store", worker = .store), (name = "origin", worker = .origin) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ] );
const main :Workerd.Worker = ( modules = [ ${modules.join(', ')} ], compatibilityDate = "2026-04-01", compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "KV", kvNamespace = "store"), (name = "FLAGS", kvNamespace = "store"), (name = "KEYS", text = ${text(text(keys))}),
    (name = "ORIGIN_STABLE", service = "origin"), (name = "ORIGIN_CANARY", service = "origin"),
    (name = "STATSIG_KEY", text = "client-bench"), (name = "SNAP_KEY", text = "snap") ] );
const store :Workerd.Worker = ( modules = [ (name = "store.js", esModule = ${text(store)}), (name = "value.bin", data = embed "value.bin"), (name = "cut.bin", data = embed "cut.bin") ], compatibilityDate = "2026-04-01" );
const origin :Workerd.Worker = ( modules = [ (name = "origin.js", esModule = ${text(origin)}) ], compatibilityDate = "2026-04-01" );
`);
  // As the runtime keeps it: to read the text, and the files that it names, is no part of a start on a platform.
  const compiled = path.join(folder, `${flags}.bin`);
  fs.writeFileSync(compiled, execFileSync(workerd, ['compile', '--config-only', file, 'config'], { maxBuffer: 1 << 26 }));
  return compiled;
}

async function begin(file, port) {
  const server = start(port, workerd, ['serve', '--binary', file]);
  await firstAnswer(server, '/', headersOf(users[0]));
  return server;
}

/** The answers in a response, a digit a flag: our own Worker says them as anyone would read them. */
function answers(response, keys) {
  const flags = response.headers['feature-flags'];
  if (flags === undefined) return response.headers['x-flags'] ?? '';
  const on = new Set(flags.split(', ').filter((flag) => flag.endsWith('=on')).map((flag) => flag.slice(0, -3)));
  return keys.map(({ key }) => (on.has(key) ? '1' : '0')).join('');
}

/** How many answers are not those of the workload. */
async function mismatches({ port }, workload, keys) {
  const segments = segmentSets(workload);
  let wrong = 0;
  for (const user of users.slice(0, 32)) {
    const found = answers(await get(port, '/', headersOf(user)), keys);
    ASKED.forEach((index, place) => {
      const right = expected(segments, workload.flags[index], user);
      if (typeof right === 'boolean' && found[place] !== (right ? '1' : '0')) wrong++;
    });
  }
  return wrong;
}

/** Until the runtime has compiled what is called often; gives the number of requests a second. */
function warmUp(program, server, connections) {
  let rate = 0;
  for (const requests of [8, 64, 512, 2048]) {
    const warm = load(program, server, connections, requests, requestHeads);
    rate = requests / warm.seconds;
    if (warm.seconds > 0.5) break;
  }
  return rate;
}

/**
 * Measures what a request takes in Workers `names` with `flags` flags. All of them run; in each of `rounds` rounds each has a batch, after
 * one that nobody counts, in which the runtime compiles. A base's batches are those of the same round.
 *
 * CPU is in microseconds, memory in bytes.
 */
export async function measureWorkers({ out, program, names, flags, rounds, say }) {
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key, kind }) => ({ key, kind }));
  const rows = [];
  try {
    for (const name of names) {
      const port = PORT + rows.length;
      const server = await begin(configuration(out, name, flags, keys, port), port);
      const row = { name, server, many: [], one: [], rates: [] };
      rows.push(row);
      row.mismatches = WORKERS[name].isBase ? 0 : await mismatches(server, workload, keys);
      // The runtime closes connections that wait for five seconds.
      const most = Math.max(2, Math.min(32, Math.floor(warmUp(program, server, 1))));
      row.batches = [[most, BATCH, row.many], [1, BATCH_OF_ONE, row.one]].map(([connections, seconds, into]) => {
        const rate = warmUp(program, server, connections);
        return { connections, requests: Math.max(1, Math.round(rate * seconds / connections)) * connections, into };
      });
    }
    for (let round = 0; round <= rounds; round++) {
      for (const { server, batches, rates } of shuffled(rows, round)) {
        for (const { connections, requests, into } of batches) {
          const loaded = load(program, server, connections, requests, requestHeads);
          if (round === 0) continue;
          into.push(loaded.cpu);
          if (connections > 1) rates.push(requests / loaded.seconds);
        }
      }
      say(`Workers, ${flags} flags, round ${round} of ${rounds}`);
    }
    const above = (row) => {
      const bases = rows.filter(({ name }) => (isProxy(row.name) ? name === 'proxy' : EMPTY.includes(name)));
      return middle(row.many.map((cpu, round) => cpu - mean(bases.map(({ many }) => many[round]))));
    };
    return rows.map((row) => ({
      name: row.name, flags, mismatches: row.mismatches, one: middle(row.one), many: middle(row.many), above: above(row),
      rate: median(row.rates), memory: memory(row.server.pid), rounds: row.many,
    }));
  } finally {
    for (const { server } of rows) await server.stop();
  }
}

/**
 * Measures the CPU of a start of Workers `names` up to the answer of the first request, in `rounds` rounds of which each starts all, after one
 * that nobody counts: it brings what is read from the disk into memory. In microseconds, of the thread that runs the Worker and of all.
 */
export async function measureStarts({ out, names, flags, rounds, say }) {
  const keys = asked(makeWorkload(flags)).map(({ key, kind }) => ({ key, kind }));
  const rows = names.map((name) => ({ name, file: configuration(out, name, flags, keys, PORT), own: [], all: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { file, own, all } of shuffled(rows, round)) {
      const server = await begin(file, PORT);
      const cpu = await cpuAtRest(server.pid);
      await server.stop();
      if (round === 0) continue;
      own.push(cpu.own);
      all.push(cpu.all);
    }
    if (round % 10 === 0) say(`starts, ${flags} flags, round ${round} of ${rounds}`);
  }
  // Against the first of the same round: what the machine does meanwhile is in both.
  const above = (of, base) => median(of.map((cpu, round) => cpu - base[round]));
  const [base] = rows;
  return rows.map(({ name, own, all }) => ({
    name, flags, own: median(own), all: median(all), aboveOwn: above(own, base.own), aboveAll: above(all, base.all), rounds: all,
  }));
}
