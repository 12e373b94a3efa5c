// Running programs, and what they take.
import fs from 'node:fs';
import http from 'node:http';
import { spawn, spawnSync } from 'node:child_process';

/** Nanoseconds of CPU that a process has had, all of its threads. */
export function cpu(pid) {
  let sum = 0;
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has just ended.
    }
  }
  return sum;
}

export const memory = (pid) => 1024 * Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** Starts a server; `stop` ends it, and waits until it has ended. */
export function start(program, args, options) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { child, pid: child.pid, stop, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
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
export async function firstAnswer(server, port, path, headers) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await get(port, path, headers);
    } catch (error) {
      if (server.hasEnded() || Date.now() > deadline) throw error;
      await new Promise((done) => setTimeout(done, 1));
    }
  }
}

/** Sends `requests` requests with `crates/load`; gives what it has measured. */
export function load(program, port, connections, requests, heads) {
  const { stdout, stderr, status } = spawnSync(program, [port, connections, requests].map(String), { input: heads, encoding: 'utf8' });
  if (status !== 0) throw new Error(`load: ${stderr}`);
  return JSON.parse(stdout);
}

/** Heads of requests of all users. */
export const heads = (users, path = '/') => users.map((user) => {
  const lines = Object.entries(headersOf(user)).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nhost: shop.example\r\n${lines.join('')}\r\n`;
}).join('');

export const headersOf = (user) => ({
  'x-user-key': user.key,
  'x-country': user.country,
  'x-app-version': user.appVersion,
  'x-email': user.email,
  cookie: `uid=${user.key}`,
});

/** Noise on a machine that others use only adds time, so the lower quartile says more than the median. */
export const lowerQuartile = (values) => {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 4)];
};

export const median = (values) => {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
};
