// Workers in workerd, a process each: CPU of a request with 32 connections, and of a start up to the first answer.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { asked, makeUsers, makeWorkload } from '../workload/model.mjs';
import { EMPTY, PROXIES, WORKERS } from '../workers.mjs';
import { mismatches } from './answers.mjs';
import { cpuAtRest, firstAnswer, get, heads, headersOf, load, memory, start } from './process.mjs';
import { WORKERS_BATCH, above, batch, middle, takeTurns, warmUp } from './rounds.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const require = createRequire(path.join(root, 'node_modules/miniflare/package.json'));
const workerd = require('workerd').default;
const PORT = 18_799;
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

/** How many answers of a Worker are not the workload's. */
const wrong = (name, workload, port) => (WORKERS[name].isBase ? 0 : mismatches(workload, (user) => get(port, '/', headersOf(user))));

async function begin(file, port) {
  const server = start(port, workerd, ['serve', '--binary', file]);
  await firstAnswer(server, '/', headersOf(users[0]));
  return server;
}

/**
 * Measures what a request takes in Workers `names` with `flags` flags, those for which `isNear` holds in `rounds` rounds, the others in a third of them.
 * A turn is a process of its own: how its heap grows, and how its code lies, is another matter each time. Nobody counts its first requests, in which
 * code is compiled; they are another number each round, so that batches do not all begin where garbage has just been collected.
 *
 * CPU is in microseconds, memory in bytes.
 */
export async function measureWorkers({ out, program, names, isNear, flags, rounds, wait, say }) {
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key, kind }) => ({ key, kind }));
  const rows = names.map((name) => ({ name, file: configuration(out, name, flags, keys, PORT), turns: isNear(name) ? rounds : Math.ceil(rounds / 3) }));
  const turn = async (row, round) => {
    const server = await begin(row.file, PORT);
    try {
      row.mismatches ??= await wrong(row.name, workload, PORT);
      const over = (connections) => (requests) => load(program, server, connections, requests, requestHeads);
      // The runtime closes connections that wait for five seconds.
      row.connections ??= Math.max(2, Math.min(32, Math.floor(warmUp(over(1), 1))));
      const send = (seconds) => batch(over(row.connections), seconds, row.connections)();
      send(1 + (round % 4) / 4);
      return { cpu: send(WORKERS_BATCH).cpu, memory: memory(server.pid) };
    } finally {
      await server.stop();
    }
  };
  await takeTurns(rows, rounds, turn, { wait, tell: (round) => say(`Workers, ${flags} flags, ${round}`), first: 1 });
  const cpu = (measured) => measured.cpu;
  const bases = (of) => rows.filter(({ name }) => (WORKERS[of].isProxy ? PROXIES : EMPTY).includes(name));
  return rows.map((row) => ({
    name: row.name, flags, mismatches: row.mismatches, memory: middle(row.rounds.map((measured) => measured.memory)), cpu: middle(row.rounds.map(cpu)),
    above: above(row, bases(row.name), cpu), rounds: row.rounds,
  }));
}

/**
 * Measures the CPU of a start of Workers `names` up to the answer of the first request, in `rounds` rounds of which each starts all. In the
 * round that nobody counts what is read from the disk comes into memory. In microseconds, of the thread that runs the Worker and of all.
 */
export async function measureStarts({ out, names, flags, rounds, wait, say }) {
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key, kind }) => ({ key, kind }));
  const rows = names.map((name) => ({ name, file: configuration(out, name, flags, keys, PORT) }));
  const turn = async (row) => {
    const server = await begin(row.file, PORT);
    const cpu = await cpuAtRest(server.pid);
    row.mismatches ??= await wrong(row.name, workload, PORT);
    await server.stop();
    return cpu;
  };
  await takeTurns(rows, rounds, turn, { wait, tell: (round) => say(`starts, ${flags} flags, ${round}`) });
  const base = rows.slice(0, 1);
  const [own, all] = [(cpu) => cpu.own, (cpu) => cpu.all];
  return rows.map((row) => ({
    name: row.name, flags, mismatches: row.mismatches, own: middle(row.rounds.map(own)), all: middle(row.rounds.map(all)), aboveOwn: above(row, base, own), aboveAll: above(row, base, all), rounds: row.rounds,
  }));
}
