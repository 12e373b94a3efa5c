const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function rules(flag, segments) {
  const rollout = { force: true, coverage: flag.percent / 100, hashAttribute: 'id', hashVersion: 2, seed: flag.salt };
  const id = flag.salt.slice(0, 8);
  switch (flag.kind) {
    case 'rollout': return [{ id, ...rollout }];
    case 'segment': return [{ id, condition: { id: { $inGroup: segments[flag.segment].key } }, force: true }];
    default: {
      const condition = {
        country: { $in: flag.countries }, appVersion: { $vgte: flag.minVersion }, email: { $regex: `${escaped(flag.emailSuffix)}$` },
      };
      return [{ id, condition, ...rollout }];
    }
  }
}

export default ({ flags, segments }) => JSON.stringify({
  status: 200,
  features: Object.fromEntries(flags.map((flag) => [
    flag.key, flag.kind === 'onoff' ? { defaultValue: flag.enabled } : { defaultValue: false, rules: rules(flag, segments) },
  ])),
  experiments: [],
  savedGroups: Object.fromEntries(segments.map(({ key, members }) => [key, members])),
  dateUpdated: '2026-01-01T00:00:00.000Z',
});
