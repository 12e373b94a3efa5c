// Lines of requests through `flagstone eval`, a process that reads and writes files: CPU of all of it.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { makeUsers, makeWorkload } from '../workload/model.mjs';
import { lowerQuartile } from './rounds.mjs';

const LINES = 400_000;

/** Measures so many `rounds`, with 1,000 flags; gives the seconds of CPU that the lines take. */
export function measureEval({ out, program, rounds, wait }) {
  const { flags } = makeWorkload(1000);
  const users = makeUsers();
  const line = (index) => {
    const { key, country, appVersion: version, email } = users[index % users.length];
    return JSON.stringify({ flag: flags[index % flags.length].key, context: { targetingKey: key, visitor: { country, version, email } } });
  };
  const [requests, answers] = ['requests.jsonl', 'answers.jsonl'].map((name) => path.join(out, name));
  fs.writeFileSync(requests, Array.from({ length: LINES }, (_, index) => `${line(index)}\n`).join(''));
  const snapshot = path.join(out, 'data/F1000/flagstone.snapshot');
  const seconds = Array.from({ length: rounds }, () => {
    wait();
    // `times` says what the children of the shell have had.
    const output = execFileSync('sh', ['-c', '"$0" eval "$1" --requests "$2" > "$3"; times', program, snapshot, requests, answers], { encoding: 'utf8' });
    const [user, system] = [...output.trim().split('\n').pop().matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, seconds]) => 60 * minutes + Number(seconds));
    return user + system;
  });
  const errors = fs.readFileSync(answers, 'utf8').split('\n').filter((line) => line.includes('"ERROR"')).length;
  if (errors > 0) throw new Error(`flagstone eval: ${errors} errors`);
  return { lines: LINES, seconds: lowerQuartile(seconds) };
}
