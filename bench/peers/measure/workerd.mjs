// Workers in workerd, one process each: CPU of a request with 1 and with 32 connections, and of the start up to the first.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { ASKED, asked, expected, makeUsers, makeWorkload, segmentSets } from '../workload/model.mjs';
import { WORKERS } from '../workers.mjs';
import { cpu, firstAnswer, get, heads, headersOf, load, lowerQuartile, median, memory, start } from './process.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const require = createRequire(path.join(root, 'node_modules/miniflare/package.json'));
const workerd = require('workerd').default;
const PORT = 18_799;
const users = makeUsers();
const requestHeads = heads(users);

function configuration(out, name, flags, keys) {
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
  sockets = [ (name = "http", address = "127.0.0.1:${PORT}", http = (), service = "main") ] );
const main :Workerd.Worker = ( modules = [ ${modules.join(', ')} ], compatibilityDate = "2026-04-01", compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "KV", kvNamespace = "store"), (name = "FLAGS", kvNamespace = "store"), (name = "KEYS", text = ${text(text(keys))}),
    (name = "ORIGIN_STABLE", service = "origin"), (name = "ORIGIN_CANARY", service = "origin"),
    (name = "STATSIG_KEY", text = "client-bench"), (name = "SNAP_KEY", text = "snap") ] );
const store :Workerd.Worker = ( modules = [ (name = "store.js", esModule = ${text(store)}), (name = "value.bin", data = embed "value.bin"), (name = "cut.bin", data = embed "cut.bin") ], compatibilityDate = "2026-04-01" );
const origin :Workerd.Worker = ( modules = [ (name = "origin.js", esModule = ${text(origin)}) ], compatibilityDate = "2026-04-01" );
`);
  return file;
}

async function begin(file) {
  const server = start(workerd, ['serve', file]);
  const response = await firstAnswer(server, PORT, '/', headersOf(users[0]));
  return { ...server, response, startCpu: cpu(server.pid) };
}

/** The answers in a response, a digit a flag: our own Worker says them as anyone would read them. */
function answers(response, keys) {
  const flags = response.headers['feature-flags'];
  if (flags === undefined) return response.headers['x-flags'] ?? '';
  const on = new Set(flags.split(', ').filter((flag) => flag.endsWith('=on')).map((flag) => flag.slice(0, -3)));
  return keys.map(({ key }) => (on.has(key) ? '1' : '0')).join('');
}

/** How many answers are not those of the workload. */
async function mismatches(workload, keys) {
  const segments = segmentSets(workload);
  let wrong = 0;
  for (const user of users.slice(0, 32)) {
    const found = answers(await get(PORT, '/', headersOf(user)), keys);
    ASKED.forEach((index, place) => {
      const right = expected(segments, workload.flags[index], user);
      if (typeof right === 'boolean' && found[place] !== (right ? '1' : '0')) wrong++;
    });
  }
  return wrong;
}

/** Microseconds of CPU a request, for about so many seconds. */
function perRequest(program, pid, connections, seconds) {
  let rate = 0;
  for (const requests of [64, 512]) {
    const warm = load(program, PORT, connections, requests, requestHeads);
    rate = warm.requests / warm.seconds;
    if (warm.seconds > 1) break;
  }
  load(program, PORT, connections, Math.max(connections, Math.round(rate * 0.7)), requestHeads);
  const before = cpu(pid);
  const loaded = load(program, PORT, connections, Math.max(connections, Math.round(rate * seconds)), requestHeads);
  return { ...loaded, cpu: (cpu(pid) - before) / 1e3 / loaded.requests };
}

/**
 * Measures Workers `names` with `flags` flags in `rounds` rounds, of which each visits all.
 *
 * CPU is in microseconds, memory in bytes.
 */
export async function measureWorkers({ out, program, names, flags, rounds, seconds, say }) {
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key, kind }) => ({ key, kind }));
  const results = Object.fromEntries(names.map((name) => [name, { start: [], one: [], many: [], rate: [], memory: [] }]));
  // The runtime's own file is read in the first start, which is nobody's.
  await (await begin(configuration(out, names[0], flags, keys))).stop();
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const result = results[name];
      const file = configuration(out, name, flags, keys);
      const server = await begin(file);
      try {
        result.start.push(server.startCpu / 1e3);
        if (round === 0) result.mismatches = WORKERS[name].isBase ? 0 : await mismatches(workload, keys);
        result.one.push(perRequest(program, server.pid, 1, seconds / 2).cpu);
        const many = perRequest(program, server.pid, 32, seconds);
        result.many.push(many.cpu);
        result.rate.push(many.requests / many.seconds);
        result.memory.push(memory(server.pid));
      } finally {
        await server.stop();
      }
      for (let again = 0; again < 2; again++) {
        const server = await begin(file);
        result.start.push(server.startCpu / 1e3);
        await server.stop();
      }
    }
    say(`Workers, ${flags} flags, round ${round + 1} of ${rounds}`);
  }
  return Object.entries(results).map(([name, result]) => ({
    name, flags, mismatches: result.mismatches, start: lowerQuartile(result.start), one: lowerQuartile(result.one),
    many: lowerQuartile(result.many), rate: median(result.rate), memory: median(result.memory), rounds: result.many,
  }));
}
