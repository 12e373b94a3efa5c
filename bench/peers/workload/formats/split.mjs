// Splits and segments; `measure/split-server.mjs` serves them as the SDK asks for them.
const matcher = (matcherType, attribute, data = {}) => ({
  keySelector: { trafficType: 'user', attribute }, matcherType, negate: false, userDefinedSegmentMatcherData: null, whitelistMatcherData: null,
  unaryNumericMatcherData: null, betweenMatcherData: null, booleanMatcherData: null, dependencyMatcherData: null, stringMatcherData: null, ...data,
});
const condition = (matchers, percent, label) => ({
  conditionType: 'ROLLOUT', matcherGroup: { combiner: 'AND', matchers },
  partitions: [{ treatment: 'on', size: percent }, { treatment: 'off', size: 100 - percent }], label,
});
const everybody = (percent) => condition([matcher('ALL_KEYS', null)], percent, 'default rule');

function conditions(flag, segments) {
  switch (flag.kind) {
    case 'onoff': return [everybody(flag.enabled ? 100 : 0)];
    case 'rollout': return [everybody(flag.percent)];
    case 'segment': {
      const data = { userDefinedSegmentMatcherData: { segmentName: segments[flag.segment].key } };
      return [condition([matcher('IN_SEGMENT', null, data)], 100, 'in segment'), everybody(0)];
    }
    default: {
      const matchers = [
        matcher('WHITELIST', 'country', { whitelistMatcherData: { whitelist: flag.countries } }),
        matcher('GREATER_THAN_OR_EQUAL_TO_SEMVER', 'appVersion', { stringMatcherData: flag.minVersion }),
        matcher('ENDS_WITH', 'email', { whitelistMatcherData: { whitelist: [flag.emailSuffix] } }),
      ];
      return [condition(matchers, flag.percent, 'rule'), everybody(0)];
    }
  }
}

export default ({ flags, segments }) => JSON.stringify({
  splits: flags.map((flag) => {
    const seed = parseInt(flag.salt.slice(0, 8), 16) | 0;
    return {
      changeNumber: 1, trafficTypeName: 'user', name: flag.key, trafficAllocation: 100, trafficAllocationSeed: seed, seed, status: 'ACTIVE',
      killed: false, defaultTreatment: 'off', algo: 2, conditions: conditions(flag, segments), configurations: {}, sets: [],
      impressionsDisabled: false,
    };
  }),
  segments: Object.fromEntries(segments.map(({ key, members }) => [key, members])),
});
