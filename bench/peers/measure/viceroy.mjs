// Fastly Compute in Viceroy: CPU of a request. Each has a fresh instance, which is what a service gets that does not ask for more; ours takes
// further requests in the same one, of which Viceroy gives it five.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { expected, makeUsers, makeWorkload, segmentSets, ASKED, asked } from '../workload/model.mjs';
import { cpu, firstAnswer, get, headersOf, median, start } from './process.mjs';

const PORT = 18_801;
const users = makeUsers();
/** What is asked of the service with the peers, and how often a round; of the others it is one path. */
const PEERS = { '/empty': 1, '/headers': 1, '/proxy': 1, '/kv/probe': 1, '/probe-trusting': 1, '/probe': 1, '/kv/launchdarkly': 0.2, '/launchdarkly': 0.1 };

function manifest(folder, data, { name, ours, isWhole }) {
  const store = (key, file) => `[[local_server.kv_stores.flags]]\nkey = "${key}"\nfile = ${JSON.stringify(path.join(data, file))}\n`;
  let text = 'manifest_version = 3\nname = "bench"\nlanguage = "other"\n[local_server]\n';
  if (ours) {
    const { cuts, ...whole } = JSON.parse(fs.readFileSync(path.join(data, `${ours}.control.json`), 'utf8'));
    const control = JSON.stringify(isWhole ? whole : { ...whole, cuts });
    text += store(`snapshot/v1/${whole.snapshot}`, `${ours}.snapshot`) + store(`snapshot/v1/${cuts[whole.snapshot]}`, `${ours}.cut`);
    text += `[local_server.config_stores.flagstone]\nformat = "inline-toml"\n[local_server.config_stores.flagstone.contents]\ncontrol = ${JSON.stringify(control)}\n`;
  } else {
    text += store('probe', 'probe.bin') + store('launchdarkly', 'launchdarkly.json');
  }
  for (const origin of ['stable', 'canary']) text += `[local_server.backends.${origin}]\nurl = "http://127.0.0.1:${PORT + 1}"\n`;
  const file = path.join(folder, `${name}.toml`);
  fs.writeFileSync(file, text);
  return file;
}

/** Measures with `flags` flags in `rounds` rounds of about `requests` requests each; CPU in microseconds. */
export async function measureViceroy({ out, programs, flags, rounds, requests, say }) {
  const folder = path.join(out, 'fastly');
  const data = path.join(out, `data/F${flags}`);
  fs.mkdirSync(folder, { recursive: true });
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key }) => key);
  const headers = (user) => ({ ...headersOf(user), 'x-keys': JSON.stringify(keys) });
  const origin = http.createServer((request, response) => response.end('ok')).listen(PORT + 1, '127.0.0.1');
  const services = [
    { name: 'flagstone', wasm: programs.fastly, ours: 'exposed', paths: { '/': 1 } },
    { name: 'flagstone-whole', wasm: programs.fastly, ours: 'exposed', isWhole: true, paths: { '/': 1 } },
    { name: 'flagstone-pipeline', wasm: programs.fastly, ours: 'pipeline', paths: { '/': 1 } },
    { name: 'peers', wasm: programs.fastlyPeers, paths: PEERS },
  ];
  const results = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const service of services) {
      const server = start(programs.viceroy, ['-C', manifest(folder, data, service), '--addr', `127.0.0.1:${PORT}`, service.wasm], { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
      try {
        await firstAnswer(server, PORT, Object.keys(service.paths)[0], headers(users[0]));
        for (const [of, share] of Object.entries(service.paths)) {
          const name = service.ours ? service.name : of;
          const result = results.get(name) ?? { name, flags, cpu: [], mismatches: 0 };
          results.set(name, result);
          if (round === 0) result.mismatches = await mismatches(workload, keys, of, headers);
          const count = Math.max(10, Math.round(requests * share));
          for (let request = 0; request < 20; request++) await get(PORT, of, headers(users[request]));
          const before = cpu(server.pid);
          for (let request = 0; request < count; request++) await get(PORT, of, headers(users[request % users.length]));
          result.cpu.push((cpu(server.pid) - before) / 1e3 / count);
        }
      } finally {
        await server.stop();
      }
    }
    say(`Fastly Compute, ${flags} flags, round ${round + 1} of ${rounds}`);
  }
  origin.close();
  return [...results.values()].map((result) => ({ ...result, cpu: median(result.cpu) }));
}

async function mismatches(workload, keys, path, headers) {
  const segments = segmentSets(workload);
  let wrong = 0;
  for (const user of users.slice(0, 16)) {
    const response = await get(PORT, path, headers(user));
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
