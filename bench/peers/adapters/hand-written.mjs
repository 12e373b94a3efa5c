// No product: the least JavaScript that does the work, to see how fast it can be. Keys in a Map, segments as Sets, versions as
// numbers, Murmur3 of the user's key for rollouts.

/** A version of three numbers as one. */
function comparable(version) {
  let [all, part] = [0, 0];
  for (let index = 0; index <= version.length; index++) {
    const code = index < version.length ? version.charCodeAt(index) : 46;
    if (code === 46) [all, part] = [all * 1000 + part, 0];
    else part = part * 10 + code - 48;
  }
  return all;
}

/** Murmur3, 32 bits, of ASCII. */
function murmur3(text, seed) {
  let hash = seed | 0;
  let at = 0;
  const whole = text.length & ~3;
  for (; at < whole; at += 4) {
    let word = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8) | (text.charCodeAt(at + 2) << 16) | (text.charCodeAt(at + 3) << 24);
    word = Math.imul(word, 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let last = text.length - 1; last >= whole; last--) rest = (rest << 8) | text.charCodeAt(last);
  if (text.length & 3) {
    rest = Math.imul(rest, 0xcc9e2d51);
    rest = (rest << 15) | (rest >>> 17);
    hash ^= Math.imul(rest, 0x1b873593);
  }
  hash ^= text.length;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const threshold = (percent) => Math.floor(percent / 100 * 4294967296);

export function load(text) {
  const { flags, segments } = JSON.parse(text);
  const sets = segments.map(({ members }) => new Set(members));
  return new Map(flags.map(({ key, kind, salt, enabled, percent, countries, minVersion, emailSuffix, segment }) => {
    const rollout = { seed: parseInt(salt.slice(0, 8), 16) | 0, threshold: threshold(percent) };
    switch (kind) {
      case 'onoff': return [key, { kind: 0, enabled }];
      case 'rollout': return [key, { kind: 1, ...rollout }];
      case 'rule3': return [key, { kind: 2, ...rollout, countries: new Set(countries), version: comparable(minVersion), suffix: emailSuffix }];
      default: return [key, { kind: 3, members: sets[segment] }];
    }
  }));
}

export function evaluate(flags, key, user) {
  const flag = flags.get(key);
  switch (flag.kind) {
    case 0: return flag.enabled;
    case 1: return murmur3(user.key, flag.seed) < flag.threshold;
    case 2:
      return flag.countries.has(user.country) && comparable(user.appVersion) >= flag.version && user.email.endsWith(flag.suffix)
        && murmur3(user.key, flag.seed) < flag.threshold;
    default: return flag.members.has(user.key);
  }
}

export default {
  meta: { name: 'hand-written JavaScript', file: 'neutral.json' },
  load,
  user: (user) => user,
  evaluate,
  evaluateAll(flags, user, keys) {
    const answers = new Array(keys.length);
    for (let index = 0; index < keys.length; index++) answers[index] = evaluate(flags, keys[index], user);
    return answers;
  },
  close() {},
};
