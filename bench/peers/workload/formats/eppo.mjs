// The format for servers. It has no lists that flags share.
const SHARDS = 10_000;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const everybody = [{ variationKey: 'on', shards: [] }];
const split = ({ salt, percent }) => [{ variationKey: 'on', shards: [{ salt, ranges: [{ start: 0, end: Math.round(percent * SHARDS / 100) }] }] }];
const allocation = (rules, splits) => ({ key: 'a1', rules, splits, doLog: false });
const off = { key: 'off', rules: [], splits: [{ variationKey: 'off', shards: [] }], doLog: false };

function allocations(flag, segments) {
  switch (flag.kind) {
    case 'onoff': return [flag.enabled ? allocation([], everybody) : off];
    case 'rollout': return [allocation([], split(flag)), off];
    case 'segment': {
      const conditions = [{ operator: 'ONE_OF', attribute: 'id', value: segments[flag.segment].members }];
      return [allocation([{ conditions }], everybody), off];
    }
    default: {
      const conditions = [
        { operator: 'ONE_OF', attribute: 'country', value: flag.countries },
        { operator: 'GTE', attribute: 'appVersion', value: flag.minVersion },
        { operator: 'MATCHES', attribute: 'email', value: `${escaped(flag.emailSuffix)}$` },
      ];
      return [allocation([{ conditions }], split(flag)), off];
    }
  }
}

export default ({ flags, segments }) => JSON.stringify({
  createdAt: '2026-01-01T00:00:00.000Z', format: 'SERVER', environment: { name: 'bench' },
  flags: Object.fromEntries(flags.map((flag) => [flag.key, {
    key: flag.key, enabled: true, variationType: 'BOOLEAN', variations: { on: { key: 'on', value: true }, off: { key: 'off', value: false } },
    allocations: allocations(flag, segments), totalShards: SHARDS,
  }])),
  bandits: {}, banditReferences: {},
});
