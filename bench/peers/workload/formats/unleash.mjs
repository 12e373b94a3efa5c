// Features as clients get them; Yggdrasil takes the same.
const constraint = (contextName, operator, rest) => ({ contextName, operator, caseInsensitive: false, inverted: false, ...rest });
const gradual = ({ key, percent = 100 }, rest = {}) => ({
  name: 'flexibleRollout', parameters: { rollout: String(percent), stickiness: 'userId', groupId: key }, constraints: [], segments: [],
  variants: [], ...rest,
});

function strategy(flag) {
  switch (flag.kind) {
    case 'onoff': return { name: 'default', parameters: {}, constraints: [], segments: [], variants: [] };
    case 'rollout': return gradual(flag);
    case 'segment': return gradual(flag, { segments: [flag.segment + 1] });
    default: return gradual(flag, {
      constraints: [
        constraint('country', 'IN', { values: flag.countries }),
        constraint('appVersion', 'SEMVER_LT', { value: flag.minVersion, values: [], inverted: true }),
        constraint('email', 'STR_ENDS_WITH', { values: [flag.emailSuffix] }),
      ],
    });
  }
}

export default ({ flags, segments }) => JSON.stringify({
  version: 2,
  features: flags.map((flag) => ({
    name: flag.key, type: 'release', description: '', enabled: flag.enabled ?? true, stale: false, impressionData: false, project: 'default',
    strategies: [strategy(flag)], variants: [],
  })),
  segments: segments.map(({ key, members }, index) => ({ id: index + 1, name: key, constraints: [constraint('userId', 'IN', { values: members })] })),
});
