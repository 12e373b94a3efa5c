// Fastly Compute in Viceroy: CPU of a request. Each has a fresh instance, which is what a service gets that does not ask for more; ours takes
// further requests in the same one, of which Viceroy gives it five, and so do one that only asks the origin, and one that has our effect and is written
// by hand.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { expected, makeUsers, makeWorkload, segmentSets, ASKED, asked } from '../workload/model.mjs';
import { firstAnswer, get, heads, headersOf, load, lowerQuartile, shuffled, start } from './process.mjs';

const [ORIGIN, PORT] = [18_850, 18_851];
const users = makeUsers();
/** Requests of a batch: as often as an instance is used, ten times over. */
const BATCH = 60;
/** What is asked of the service with the peers, and how many requests are a batch; of the others it is one path. */
const PEERS = { '/empty': BATCH, '/headers': BATCH, '/proxy': BATCH, '/kv/probe': BATCH, '/probe-trusting': BATCH, '/probe': BATCH, '/kv/launchdarkly': 12, '/launchdarkly': 6 };

function manifest(folder, data, keys, { name, ours, isWhole }) {
  const store = (key, file) => `[[local_server.kv_stores.flags]]\nkey = "${key}"\nfile = ${JSON.stringify(path.join(data, file))}\n`;
  const controlled = (control) => `[local_server.config_stores.flagstone]\nformat = "inline-toml"\n[local_server.config_stores.flagstone.contents]\ncontrol = ${JSON.stringify(control)}\n`;
  let text = 'manifest_version = 3\nname = "bench"\nlanguage = "other"\n[local_server]\n';
  if (ours) {
    const { cuts, ...whole } = JSON.parse(fs.readFileSync(path.join(data, `${ours}.control.json`), 'utf8'));
    const control = JSON.stringify(isWhole ? whole : { ...whole, cuts });
    text += store(`snapshot/v1/${whole.snapshot}`, `${ours}.snapshot`) + store(`snapshot/v1/${cuts[whole.snapshot]}`, `${ours}.cut`);
    text += controlled(control);
  } else {
    text += store('probe', 'probe.bin') + store('probe-cut', 'probe.cut') + store('launchdarkly', 'launchdarkly.json') + controlled(JSON.stringify(keys));
  }
  for (const origin of ['stable', 'canary']) text += `[local_server.backends.${origin}]\nurl = "http://127.0.0.1:${ORIGIN}"\n`;
  const file = path.join(folder, `${name}.toml`);
  fs.writeFileSync(file, text);
  return file;
}

/** Measures with `flags` flags. All services run; in each of `rounds` rounds each path has a batch of requests. CPU in microseconds. */
export async function measureViceroy({ out, programs, flags, rounds, say }) {
  const folder = path.join(out, 'fastly');
  const data = path.join(out, `data/F${flags}`);
  fs.mkdirSync(folder, { recursive: true });
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key }) => key);
  const also = { 'x-keys': JSON.stringify(keys) };
  const headers = (user) => ({ ...headersOf(user), ...also });
  const origin = spawn(process.execPath, ['-e', `require('http').createServer((request, response) => response.end('ok')).listen(${ORIGIN}, '127.0.0.1')`]);
  const services = [
    { name: 'flagstone', wasm: programs.fastly, ours: 'exposed', paths: { '/': BATCH } },
    { name: 'flagstone-whole', wasm: programs.fastly, ours: 'exposed', isWhole: true, paths: { '/': BATCH } },
    { name: 'flagstone-pipeline', wasm: programs.fastly, ours: 'pipeline', paths: { '/': BATCH } },
    { name: 'hand', wasm: programs.fastlyHand, paths: { '/': BATCH } },
    { name: 'kept', wasm: programs.fastlyKept, paths: { '/': BATCH } },
    { name: 'peers', wasm: programs.fastlyPeers, paths: PEERS },
  ];
  const rows = [];
  const servers = [];
  try {
    for (const service of services) {
      const manifestFile = manifest(folder, data, keys, service);
      const port = PORT + servers.length;
      const server = start(port, programs.viceroy, ['-C', manifestFile, '--addr', `127.0.0.1:${port}`, service.wasm], { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
      servers.push(server);
      for (const [of, requests] of Object.entries(service.paths)) {
        await firstAnswer(server, of, headers(users[0]));
        const name = of === '/' ? service.name : of;
        rows.push({ name, server, requests, heads: heads(users, of, also), cpu: [], mismatches: await mismatches(server, workload, keys, of, headers) });
      }
    }
    // The first round is nobody's.
    for (let round = 0; round <= rounds; round++) {
      for (const { server, requests, heads, cpu } of shuffled(rows, round)) {
        const loaded = load(programs.load, server, 1, requests, heads);
        if (round > 0) cpu.push(loaded.cpu);
      }
      if (round % 5 === 0) say(`Fastly Compute, ${flags} flags, round ${round} of ${rounds}`);
    }
  } finally {
    for (const server of servers) await server.stop();
    origin.kill();
  }
  return rows.map(({ name, mismatches, cpu }) => ({ name, flags, mismatches, cpu: lowerQuartile(cpu), rounds: cpu }));
}

async function mismatches({ port }, workload, keys, path, headers) {
  const segments = segmentSets(workload);
  let wrong = 0;
  for (const user of users.slice(0, 16)) {
    const response = await get(port, path, headers(user));
    const ours = response.headers['feature-flags'];
    const found = ours === undefined ? response.headers['x-flags'] : keys.map((key) => (ours.split(', ').includes(`${key}=on`) ? '1' : '0')).join('');
    if (found === undefined || found.length !== keys.length) continue;
    ASKED.forEach((index, place) => {
      const right = expected(segments, workload.flags[index], user);
      if (typeof right === 'boolean' && found[place] !== (right ? '1' : '0')) wrong++;
    });
  }
  return wrong;
}
