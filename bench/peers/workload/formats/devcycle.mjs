// The configuration of a project; everything has an id of 24 hexadecimal digits.
const COLORS = { primary: '#000000', secondary: '#000000' };
const filter = (subType, comparator, values) => ({ type: 'user', subType, comparator, values });
const everybody = [{ type: 'all', values: [] }];

export default function devcycle({ flags, segments }) {
  let last = 0;
  const id = (number = ++last) => number.toString(16).padStart(24, '0');
  const audiences = {};
  const ofSegments = segments.map(({ members }) => {
    const audience = id();
    audiences[audience] = { filters: { operator: 'and', filters: [filter('user_id', '=', members)] } };
    return audience;
  });
  const variables = [];
  const variableHashes = {};
  const features = flags.map((flag) => {
    const [feature, variable, on, off, configuration, target, audience] = Array.from({ length: 7 }, () => id());
    variables.push({ _id: variable, key: flag.key, type: 'Boolean' });
    variableHashes[flag.key] = last + 1;
    const all = [{ _variation: on, percentage: 1 }];
    const shares = [{ _variation: on, percentage: flag.percent / 100 }, { _variation: off, percentage: 1 - flag.percent / 100 }];
    const [filters, distribution] = {
      onoff: () => [everybody, [{ _variation: flag.enabled ? on : off, percentage: 1 }]],
      rollout: () => [everybody, shares],
      segment: () => [[{ type: 'audienceMatch', comparator: '=', _audiences: [ofSegments[flag.segment]] }], all],
      rule3: () => [
        [filter('country', '=', flag.countries), filter('appVersion', '>=', [flag.minVersion]), filter('email', 'endWith', [flag.emailSuffix])],
        shares,
      ],
    }[flag.kind]();
    const variation = (of, key, value) => ({ _id: of, key, name: key, variables: [{ _var: variable, value }] });
    return {
      _id: feature, key: flag.key, type: 'release', variations: [variation(on, 'on', true), variation(off, 'off', false)],
      configuration: {
        _id: configuration, forcedUsers: {},
        targets: [{ _id: target, _audience: { _id: audience, filters: { operator: 'and', filters } }, distribution }],
      },
    };
  });
  return JSON.stringify({
    project: {
      _id: id(900_000_001), key: 'bench', a0_organization: 'org_bench',
      settings: { edgeDB: { enabled: false }, optIn: { enabled: false, title: '', description: '', imageURL: '', colors: COLORS } },
    },
    environment: { _id: id(900_000_002), key: 'bench' }, features, variables, variableHashes, audiences,
  });
}
