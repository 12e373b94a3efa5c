// A snapshot of a namespace. Versions are numbers, since there is no operator for them; a boolean flag cannot have both conditions
// and a share, so rules are flags with variants. There are no lists that flags share.
const TIMES = { createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z' };
const number = (version) => {
  const [major, minor, patch] = version.split('.').map(Number);
  return String(major * 1e6 + minor * 1e3 + patch);
};
const segment = (key, constraints) => ({ key, name: key, description: '', matchType: 'ALL_SEGMENT_MATCH_TYPE', ...TIMES, constraints });
const constraint = (type, property, operator, value) => ({ id: '1', type: `${type}_CONSTRAINT_COMPARISON_TYPE`, property, operator, value });
const distribution = (id, ruleId, variant, rollout) => ({ id, ruleId, variantId: variant, variantKey: variant, variantAttachment: '', rollout });

function targeting(flag, segments) {
  switch (flag.kind) {
    case 'onoff': return { enabled: flag.enabled };
    case 'rollout': return { enabled: false, rollouts: [{ type: 'THRESHOLD_ROLLOUT_TYPE', rank: 1, threshold: { percentage: flag.percent, value: true } }] };
    case 'segment': {
      const { key, members } = segments[flag.segment];
      const isMember = constraint('ENTITY_ID', 'entity', 'isoneof', JSON.stringify(members));
      const of = { value: true, segmentOperator: 'OR_SEGMENT_OPERATOR', segments: [segment(key, [isMember])] };
      return { enabled: false, rollouts: [{ type: 'SEGMENT_ROLLOUT_TYPE', rank: 1, segment: of }] };
    }
    default: {
      const id = flag.salt.slice(0, 8);
      const constraints = [
        constraint('STRING', 'country', 'isoneof', JSON.stringify(flag.countries)),
        constraint('NUMBER', 'appVersionNum', 'gte', number(flag.minVersion)), constraint('STRING', 'email', 'suffix', flag.emailSuffix),
      ];
      const distributions = [distribution('1', id, 'on', flag.percent), distribution('2', id, 'off', 100 - flag.percent)];
      const rule = { id, rank: 1, segmentOperator: 'AND_SEGMENT_OPERATOR', segments: [segment(flag.salt, constraints)], distributions };
      return { type: 'VARIANT_FLAG_TYPE', rules: [rule] };
    }
  }
}

export default ({ flags, segments }) => JSON.stringify({
  namespace: { key: 'default' },
  flags: flags.map((flag) => ({
    key: flag.key, name: flag.key, description: '', enabled: true, type: 'BOOLEAN_FLAG_TYPE', ...TIMES, rules: [], rollouts: [],
    ...targeting(flag, segments),
  })),
});
