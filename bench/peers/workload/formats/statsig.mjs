// Two forms of the same: conditions in each rule, for clients at the edge; and in a table, for servers.
import crypto from 'node:crypto';

const md5 = (text) => crypto.createHash('md5').update(text).digest('hex');
const condition = (type, operator, field, targetValue) => ({
  type, operator, field, targetValue, additionalValues: {}, isDeviceBased: false, idType: 'userID',
});
const everybody = condition('public', null, null, null);

function gate(name, entity, salt, letter, conditions, passPercentage) {
  const id = `${salt.slice(0, 16)}${letter}`;
  const rule = { name: id, groupName: letter, passPercentage, conditions, returnValue: true, id, salt, isDeviceBased: false, idType: 'userID' };
  return { name, type: 'feature_gate', salt, defaultValue: false, enabled: true, idType: 'userID', entity, isDeviceBased: false, rules: [rule] };
}

function gates({ flags, segments }) {
  const ofFlags = flags.map((flag) => {
    const made = (conditions, percent) => gate(flag.key, 'feature_gate', flag.salt, 'r', conditions, percent);
    switch (flag.kind) {
      case 'onoff': return made([everybody], flag.enabled ? 100 : 0);
      case 'rollout': return made([everybody], flag.percent);
      case 'segment': return made([condition('pass_gate', null, null, segments[flag.segment].key)], 100);
      default: return made([
        condition('user_field', 'any', 'country', flag.countries), condition('user_field', 'version_gte', 'appVersion', flag.minVersion),
        condition('user_field', 'str_ends_with_any', 'email', [flag.emailSuffix]),
      ], flag.percent);
    }
  });
  const ofSegments = segments.map(({ key, members }) => gate(key, 'segment', md5(key), 's', [condition('unit_id', 'any', null, members)], 100));
  return [...ofFlags, ...ofSegments];
}

const rest = { layers: {}, param_stores: {}, has_updates: true, time: 1_767_225_600_000, company_id: 'bench' };

export const statsig1 = (workload) => JSON.stringify({ feature_gates: gates(workload), dynamic_configs: [], layer_configs: [], ...rest });

export function statsig2(workload) {
  const conditions = {};
  const named = (of) => {
    const name = md5(JSON.stringify(of)).slice(0, 12);
    conditions[name] = of;
    return name;
  };
  const all = gates(workload).map((gate) => [gate.name, { ...gate, rules: gate.rules.map((rule) => ({ ...rule, conditions: rule.conditions.map(named) })) }]);
  return JSON.stringify({
    feature_gates: Object.fromEntries(all), dynamic_configs: {}, layer_configs: {}, condition_map: conditions, id_lists: {},
    default_environment: null, experiment_to_layer: {}, ...rest,
  });
}
