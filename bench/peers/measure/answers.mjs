// Whether Workers and services answer as the workload says.
import { ASKED, asked, expected, makeUsers, segmentSets } from '../workload/model.mjs';

const users = makeUsers().slice(0, 32);

/** The answers in a response, a digit a flag: ours says them as anyone would read them. */
function answers(response, keys) {
  const flags = response.headers['feature-flags'];
  if (flags === undefined) return response.headers['x-flags'] ?? '';
  const on = new Set(flags.split(', ').filter((flag) => flag.endsWith('=on')).map((flag) => flag.slice(0, -3)));
  return keys.map((key) => (on.has(key) ? '1' : '0')).join('');
}

/** How many answers to `ask` are not those of the workload. */
export async function mismatches(workload, ask) {
  const segments = segmentSets(workload);
  const keys = asked(workload).map(({ key }) => key);
  let wrong = 0;
  for (const user of users) {
    const found = answers(await ask(user), keys);
    ASKED.forEach((index, place) => {
      const right = expected(segments, workload.flags[index], user);
      if (typeof right === 'boolean' && found[place] !== (right ? '1' : '0')) wrong++;
    });
  }
  return wrong;
}
