// A LaunchDarkly document as its integrations write it to KV, the same for the same number of flags.
// Of ten flags four are on or off, three are percentage rollouts, two have a rule of three clauses and a rollout, one asks a
// segment. There is a segment of 1,000 keys for each 100 flags.

const words = 'checkout payment search banner profile invoice export import editor mobile desktop cache'.split(' ');
const countries = 'US DE FR GB JP BR IN CA AU NL SE ES IT PL MX KR'.split(' ');
const kinds = ['switch', 'rollout', 'rule', 'switch', 'rollout', 'segment', 'switch', 'rollout', 'rule', 'switch'];

/** Numbers from 0 to 2^32 - 1, the same from the same seed: xorshift. */
function numbers(seed) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const clause = (attribute, op, values) => ({ contextKind: 'user', attribute, op, values, negate: false });

const rollout = (share) => ({
  rollout: {
    contextKind: 'user',
    variations: [{ variation: 0, weight: share * 1000 }, { variation: 1, weight: 100000 - share * 1000 }],
  },
});

export function document(flagCount) {
  const next = numbers(flagCount);
  const hex = () => next().toString(16).padStart(8, '0');
  const segmentKeys = Array.from({ length: Math.max(1, flagCount / 100) }, (_, index) => `segment-${index}`);
  const segments = {};
  for (const key of segmentKeys) {
    const included = Array.from({ length: 1000 }, () => `u-${hex()}${hex()}`);
    segments[key] = { key, version: 1, salt: key, included, excluded: [], includedContexts: [], excludedContexts: [], rules: [] };
  }
  const flags = {};
  for (let index = 0; index < flagCount; index++) {
    const key = `${words[next() % words.length]}-${words[next() % words.length]}-${index}`;
    const flag = {
      key, version: 1, on: true, salt: hex() + hex(), variations: [true, false], offVariation: 1, fallthrough: { variation: 1 },
      targets: [], contextTargets: [], rules: [], prerequisites: [], trackEvents: false, trackEventsFallthrough: false,
      debugEventsUntilDate: null, clientSide: false, clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: false },
    };
    switch (kinds[index % kinds.length]) {
      case 'switch':
        flag.on = next() % 2 === 0;
        break;
      case 'rollout':
        flag.fallthrough = rollout(next() % 101);
        break;
      case 'rule':
        flag.rules = [{
          id: hex(), trackEvents: false, ...rollout(next() % 101), clauses: [
            clause('country', 'in', countries.slice(0, 12)), clause('appVersion', 'semVerGreaterThan', ['2.3.0']),
            clause('email', 'endsWith', ['@shop.example']),
          ],
        }];
        break;
      case 'segment':
        flag.rules = [{
          id: hex(), trackEvents: false, variation: 0,
          clauses: [clause('', 'segmentMatch', [segmentKeys[next() % segmentKeys.length]])],
        }];
        break;
    }
    flags[key] = flag;
  }
  return JSON.stringify({ flags, segments });
}
