// Fastly Compute in Viceroy: CPU of a request. Each has a fresh instance, which is what a service gets that does not ask for more; some
// take further requests in the same one, of which Viceroy gives them five.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { asked, makeUsers, makeWorkload } from '../workload/model.mjs';
import { SERVICES } from '../services.mjs';
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

function manifest(folder, data, keys, name, { ours, isWhole }) {
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

/** Measures with `flags` flags. All services run; in each of `rounds` rounds each has a batch of requests. CPU in microseconds. */
export async function measureViceroy({ out, programs, flags, rounds, wait, say }) {
  const folder = path.join(out, 'fastly');
  const data = path.join(out, `data/F${flags}`);
  fs.mkdirSync(folder, { recursive: true });
  const workload = makeWorkload(flags);
  const keys = asked(workload).map(({ key }) => key);
  const also = { 'x-keys': JSON.stringify(keys) };
  const origin = spawn(process.execPath, ['-e', `require('http').createServer((request, response) => response.end('ok')).listen(${ORIGIN}, '127.0.0.1')`]);
  const servers = new Map();
  const begin = (name, service) => {
    const port = PORT + servers.size;
    const args = ['-C', manifest(folder, data, keys, name, service), '--addr', `127.0.0.1:${port}`, programs[service.program]];
    servers.set(name, start(port, programs.viceroy, args, { cwd: folder, env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'ignore'] }));
  };
  const awake = async ({ pid }, work) => {
    process.kill(pid, 'SIGCONT');
    const done = await work();
    process.kill(pid, 'SIGSTOP');
    return done;
  };
  const rows = [];
  try {
    for (const [name, service] of Object.entries(SERVICES)) {
      // A program that does one thing or another by the path runs once.
      const program = service.path ? service.program : name;
      if (!servers.has(program)) begin(program, service);
      const server = servers.get(program);
      const row = { name, server, mismatches: 0 };
      rows.push(row);
      await awake(server, async () => {
        const headers = (user) => ({ ...headersOf(user), ...also });
        await firstAnswer(server, service.path, headers(users[0]));
        if (service.decides) row.mismatches = await mismatches(workload, (user) => get(server.port, service.path, headers(user)));
        const send = (requests) => load(programs.load, server, CONNECTIONS, requests, heads(users, service.path, also), TICKING);
        row.batch = batch(send, BATCH, service.keeps ? CONNECTIONS * USES : CONNECTIONS);
      });
    }
    await takeTurns(rows, rounds, ({ server, batch }) => awake(server, () => batch().cpu), { wait, tell: (round) => say(`Fastly Compute, ${flags} flags, ${round}`) });
  } finally {
    for (const server of servers.values()) await server.stop();
    origin.kill();
  }
  const over = (row, bases) => above(row, rows.filter(({ name }) => bases.includes(name)), (cpu) => cpu);
  return rows.map((row) => ({
    name: row.name, flags, mismatches: row.mismatches, cpu: middle(row.rounds), above: over(row, SERVICES[row.name].above ?? []),
    aboveFresh: over(row, ['proxy']), rounds: row.rounds,
  }));
}
