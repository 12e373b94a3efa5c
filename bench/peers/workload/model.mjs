// The workload, of no service: the same for the same number of flags.
//
//   flags[]    { key, kind, salt, ... }
//     onoff    { enabled }
//     rollout  { percent }                                          true for so many of a hundred users
//     rule3    { countries[], minVersion, emailSuffix, percent }    if all three hold, as rollout; else false
//     segment  { segment }                                          true for members of segments[segment]
//   segments[] { key, members[1000] }
//   users[]    { key, country, appVersion, email }
//
// About half of the users pass the three conditions of a rule, and half are in any segment.

export const KINDS = ['onoff', 'rollout', 'rule3', 'segment'];
const PATTERN = ['onoff', 'rollout', 'rule3', 'onoff', 'rollout', 'segment', 'onoff', 'rollout', 'rule3', 'onoff'];
const FLAGS_OF_A_SEGMENT = 100;
const MEMBERS = 1000;
const WORDS = `checkout payment search banner profile invoice export import editor mobile desktop cache router pricing signup login
  avatar upload preview release canary beta dark theme sidebar footer header report digest webhook retry quota billing coupon
  locale font image video stream chat inbox alert`.split(/\s+/);
const COUNTRIES = 'US DE FR GB JP BR IN CA AU NL SE ES IT PL MX KR'.split(' ');
const SUFFIX = '@corp.example';

/** Numbers from 0 to 1, the same from the same seed: splitmix32. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    bits ^= bits >>> 15;
    return (bits >>> 0) / 2 ** 32;
  };
}

const below = (next, end) => Math.floor(next() * end);
const pick = (next, list) => list[below(next, list.length)];

function hex(next, length) {
  let digits = '';
  while (digits.length < length) digits += below(next, 0x10000).toString(16).padStart(4, '0');
  return digits.slice(0, length);
}

function shuffled(next, list) {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = below(next, last + 1);
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}

export function makeUsers() {
  const next = numbers(7);
  return Array.from({ length: 256 }, () => ({
    key: `u-${hex(next, 16)}`,
    country: pick(next, COUNTRIES),
    appVersion: `${1 + below(next, 9)}.${below(next, 20)}.${below(next, 30)}`,
    email: `${pick(next, WORDS)}.${pick(next, WORDS)}${below(next, 100)}${next() < 0.85 ? SUFFIX : '@mail.example'}`,
  }));
}

export function makeWorkload(size) {
  const next = numbers(1_000_003 + size);
  const users = makeUsers();
  const segments = Array.from({ length: Math.max(1, Math.floor(size / FLAGS_OF_A_SEGMENT)) }, (_, index) => {
    const members = new Set();
    for (const user of users) if (next() < 0.5) members.add(user.key);
    while (members.size < MEMBERS) members.add(`u-${hex(next, 16)}`);
    return { members: shuffled(next, members), key: `segment-${pick(next, WORDS)}-${index}` };
  });
  const flags = Array.from({ length: size }, (_, index) => {
    const kind = PATTERN[index % PATTERN.length];
    const name = [pick(next, WORDS), pick(next, WORDS), pick(next, WORDS), index.toString(36).padStart(3, '0')];
    const flag = { key: name.join('-'), kind, salt: hex(next, 32) };
    switch (kind) {
      case 'onoff': return { ...flag, enabled: index % 2 === 0 };
      case 'rollout': return { ...flag, percent: 1 + below(next, 99) };
      case 'segment': return { ...flag, segment: below(next, segments.length) };
      default: {
        const countries = shuffled(next, COUNTRIES).slice(0, 12);
        const minVersion = `${1 + below(next, 2)}.${below(next, 10)}.0`;
        return { ...flag, countries, minVersion, emailSuffix: SUFFIX, percent: 1 + below(next, 99) };
      }
    }
  });
  return { flags, segments };
}

/** The flags that a request to a Worker needs: of every kind one, of switches two. */
export const ASKED = [0, 3, 1, 2, 5];
export const asked = ({ flags }) => ASKED.map((index) => flags[index]).filter(Boolean);

function compareVersions(a, b) {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  const place = [0, 1, 2].find((part) => left[part] !== right[part]);
  return place === undefined ? 0 : left[place] - right[place];
}

export const segmentSets = ({ segments }) => segments.map(({ members }) => new Set(members));

/** The answer, or its probability where it depends on how users are bucketed. */
export function expected(sets, flag, user) {
  switch (flag.kind) {
    case 'onoff': return flag.enabled;
    case 'rollout': return flag.percent / 100;
    case 'segment': return sets[flag.segment].has(user.key);
    default: {
      const matches = flag.countries.includes(user.country) && compareVersions(user.appVersion, flag.minVersion) >= 0
        && user.email.endsWith(flag.emailSuffix);
      return matches ? flag.percent / 100 : false;
    }
  }
}
