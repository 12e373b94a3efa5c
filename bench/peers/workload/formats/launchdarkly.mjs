// All of an environment, as LaunchDarkly's integrations write it to a store.
const clause = (attribute, op, values, negate = false) => ({ contextKind: 'user', attribute, op, values, negate });
const rollout = (percent) => ({
  rollout: { contextKind: 'user', variations: [{ variation: 0, weight: percent * 1000 }, { variation: 1, weight: 100_000 - percent * 1000 }] },
});
const rule = ({ salt }, clauses, serve) => ({ id: salt.slice(0, 8), trackEvents: false, clauses, ...serve });

function targeting(flag, segments) {
  switch (flag.kind) {
    case 'onoff': return { on: flag.enabled, fallthrough: { variation: 0 } };
    case 'rollout': return { fallthrough: rollout(flag.percent) };
    case 'segment': return { rules: [rule(flag, [clause('', 'segmentMatch', [segments[flag.segment].key])], { variation: 0 })] };
    default: {
      const clauses = [
        clause('country', 'in', flag.countries), clause('appVersion', 'semVerLessThan', [flag.minVersion], true),
        clause('email', 'endsWith', [flag.emailSuffix]),
      ];
      return { rules: [rule(flag, clauses, rollout(flag.percent))] };
    }
  }
}

export default ({ flags, segments }) => JSON.stringify({
  flags: Object.fromEntries(flags.map((flag) => [flag.key, {
    key: flag.key, version: 1, on: true, salt: flag.salt, sel: '', deleted: false, trackEvents: false, trackEventsFallthrough: false,
    debugEventsUntilDate: null, prerequisites: [], targets: [], contextTargets: [], rules: [], fallthrough: { variation: 1 }, offVariation: 1,
    variations: [true, false], clientSide: false, clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: false },
    ...targeting(flag, segments),
  }])),
  segments: Object.fromEntries(segments.map(({ key, members }) => [key, {
    key, included: members, excluded: [], includedContexts: [], excludedContexts: [], salt: key, rules: [], version: 1, deleted: false,
  }])),
});
