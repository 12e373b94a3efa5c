// Fastly Compute in Viceroy: CPU of a request. Each has a fresh instance, which is what a service gets that does not ask for more; ours takes
// further requests in the same one, of which Viceroy gives it five, and so do one that only asks the origin, and one that has our effect and is written
// by hand.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { asked, makeUsers, makeWorkload } from '../workload/model.mjs';
import { mismatches } from './answers.mjs';
import { firstAnswer, get, heads, headersOf, load, start } from './process.mjs';
import { BATCH, above, batch, middle, takeTurns } from './rounds.mjs';

const [ORIGIN, PORT] = [18_850, 18_851];
const users = makeUsers();
/** As many instances wait for a further request; Viceroy has five do so at most, and would end some before they have had all of theirs. */
const CONNECTIONS = 4;
/** Requests that an instance is used for. Batches are multiples of it, so that each has its share of those that an instance begins with. */
const USES = 6;
/**
 * Viceroy's own threads: one of them wakes each 50 microseconds, be there requests or not, which is an eighth of a core; how much of that a request
 * has depends on how long it takes. They do not count, and stand still while others are asked. One other thread carries requests out: with several
 * it depends on the machine how often they wake one another.
 */
const [TICKING, ENVIRONMENT] = ['viceroy', { ...process.env, TOKIO_WORKER_THREADS: '1' }];

const SERVICES = [
  { name: 'flagstone', program: 'fastly', ours: 'exposed' },
  { name: 'flagstone-whole', program: 'fastly', ours: 'exposed', isWhole: true },
  { name: 'flagstone-pipeline', program: 'fastly', ours: 'pipeline' },
  { name: 'hand', program: 'fastlyHand' },
  { name: 'kept', program: 'fastlyKept' },
  { name: 'kept-again', program: 'fastlyKept' },
  { name: 'peers', program: 'fastlyPeers', paths: ['/empty', '/headers', '/proxy', '/kv/probe', '/probe-trusting', '/probe', '/kv/launchdarkly', '/launchdarkly'] },
];
/** The same program in two processes: how far they are apart is what a run cannot tell. */
const KEPT = ['kept', 'kept-again'];
const decides = (name) => !KEPT.includes(name) && !/^\/(empty|headers|proxy|kv)/.test(name);
/** Those that the cost of a service is counted above: it keeps its instance, or has a fresh one. */
const basesOf = (name) => (name.startsWith('/') ? ['/headers'] : KEPT);

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
  const origin = spawn(process.execPath, ['-e', `require('http').createServer((request, response) => response.end('ok')).listen(${ORIGIN}, '127.0.0.1')`]);
  const rows = [];
  const servers = [];
  try {
    for (const service of SERVICES) {
      const port = PORT + servers.length;
      const args = ['-C', manifest(folder, data, keys, service), '--addr', `127.0.0.1:${port}`, programs[service.program]];
      const server = start(port, programs.viceroy, args, { cwd: folder, env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'ignore'] });
      servers.push(server);
      const ask = (of) => (user) => get(port, of, { ...headersOf(user), ...also });
      for (const of of service.paths ?? ['/']) {
        const name = service.paths ? of : service.name;
        await firstAnswer(server, of, { ...headersOf(users[0]), ...also });
        const wrong = decides(name) ? await mismatches(workload, ask(of)) : 0;
        const send = (requests) => load(programs.load, server, CONNECTIONS, requests, heads(users, of, also), TICKING);
        const unit = service.paths ? CONNECTIONS : CONNECTIONS * USES;
        rows.push({ name, server, mismatches: wrong, batch: batch(send, BATCH, unit) });
      }
      process.kill(server.pid, 'SIGSTOP');
    }
    const turn = ({ server, batch }) => {
      process.kill(server.pid, 'SIGCONT');
      const { cpu } = batch();
      process.kill(server.pid, 'SIGSTOP');
      return cpu;
    };
    await takeTurns(rows, rounds, turn, (round) => say(`Fastly Compute, ${flags} flags, ${round}`));
  } finally {
    for (const server of servers) await server.stop();
    origin.kill();
  }
  const over = (row, bases) => above(row, rows.filter(({ name }) => bases.includes(name)), (cpu) => cpu);
  return rows.map((row) => ({
    name: row.name, flags, mismatches: row.mismatches, cpu: middle(row.rounds), above: over(row, basesOf(row.name)), aboveFresh: over(row, ['/proxy']), rounds: row.rounds,
  }));
}
