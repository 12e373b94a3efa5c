const fractional = (percent) => ({ fractional: [{ cat: [{ var: '$flagd.flagKey' }, { var: 'targetingKey' }] }, ['on', percent], ['off', 100 - percent]] });

function targeting(flag, segments) {
  switch (flag.kind) {
    case 'onoff': return flag.enabled ? { defaultVariant: 'on' } : {};
    case 'rollout': return { targeting: fractional(flag.percent) };
    case 'segment': return { targeting: { if: [{ $ref: segments[flag.segment].key }, 'on', 'off'] } };
    default: {
      const all = [
        { in: [{ var: 'country' }, flag.countries] }, { sem_ver: [{ var: 'appVersion' }, '>=', flag.minVersion] },
        { ends_with: [{ var: 'email' }, flag.emailSuffix] },
      ];
      return { targeting: { if: [{ and: all }, fractional(flag.percent), 'off'] } };
    }
  }
}

export default ({ flags, segments }) => JSON.stringify({
  $schema: 'https://flagd.dev/schema/v0/flags.json',
  flags: Object.fromEntries(flags.map((flag) => [flag.key, {
    state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off', ...targeting(flag, segments),
  }])),
  $evaluators: Object.fromEntries(segments.map(({ key, members }) => [key, { in: [{ var: 'targetingKey' }, members] }])),
});
