// Running programs, and what they take.
import fs from 'node:fs';
import http from 'node:http';
import { spawn, spawnSync } from 'node:child_process';

/**
 * Microseconds of CPU that a process has had: its first thread, which in workerd runs the Worker, and all of its threads.
 *
 * The system brings them up to date when a thread rests.
 */
function cpu(pid) {
  const had = (task) => {
    try {
      return Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e3;
    } catch {
      // The thread has just ended.
      return 0;
    }
  };
  return { own: had(pid), all: fs.readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + had(task), 0) };
}

/** The same once all of its threads rest. */
export async function cpuAtRest(pid) {
  for (let before = cpu(pid); ;) {
    await new Promise((done) => setTimeout(done, 10));
    const now = cpu(pid);
    if (now.all === before.all) return now;
    before = now;
  }
}

export const memory = (pid) => 1024 * Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** Starts a server that will listen on `port`; `stop` ends it, and waits until it has ended. */
export function start(port, program, args, options) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { port, pid: child.pid, stop, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

export const get = (port, path, headers) => new Promise((done, failed) => {
  const request = http.get({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
    response.resume();
    response.on('end', () => done(response));
  });
  request.on('error', failed);
});

/** Asks until there is an answer. */
export async function firstAnswer(server, path, headers) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await get(server.port, path, headers);
    } catch (error) {
      if (server.hasEnded() || Date.now() > deadline) throw error;
      await new Promise((done) => setTimeout(done, 1));
    }
  }
}

/** Sends `requests` requests to a server with `crates/load`; gives what it has measured. Threads named `besides` do not count. */
export function load(program, { port, pid }, connections, requests, heads, ...besides) {
  const { stdout, stderr, status } = spawnSync(program, [port, connections, requests, pid, ...besides].map(String), { input: heads, encoding: 'utf8' });
  if (status !== 0) throw new Error(`load: ${stderr}`);
  return JSON.parse(stdout);
}

/** Heads of requests of all users, with `headers` besides their own. */
export const heads = (users, path = '/', headers = {}) => users.map((user) => {
  const lines = Object.entries({ ...headersOf(user), ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nhost: shop.example\r\n${lines.join('')}\r\n`;
}).join('');

export const headersOf = (user) => ({
  'x-user-key': user.key,
  'x-country': user.country,
  'x-app-version': user.appVersion,
  'x-email': user.email,
  cookie: `uid=${user.key}`,
});
