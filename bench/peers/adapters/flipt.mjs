// Flipt has no operator for versions: they are numbers here. Its boolean flags cannot have several conditions: rules are variant flags.
import { FliptClient } from '@flipt-io/flipt-client-js/node';

const number = (version) => {
  const [major, minor, patch] = version.split('.').map(Number);
  return String(major * 1e6 + minor * 1e3 + patch);
};

export default {
  meta: { name: 'Flipt (wasm)', package: '@flipt-io/flipt-client-js', file: 'flipt.json' },
  load: (text) => FliptClient.init({
    namespace: 'default', updateInterval: 0,
    fetcher: async () => ({ ok: true, status: 200, statusText: 'OK', headers: { get: () => null }, json: async () => JSON.parse(text) }),
  }),
  user: ({ key, country, appVersion, email }) => [key, { country, appVersionNum: number(appVersion), email }],
  evaluate(client, flagKey, [entityId, context], kind) {
    const request = { flagKey, entityId, context };
    return kind === 'rule3' ? client.evaluateVariant(request).variantKey === 'on' : client.evaluateBoolean(request).enabled;
  },
  evaluateAll: (client, [entityId, context], keys) => client.evaluateBatch(keys.map((flagKey) => ({ flagKey, entityId, context }))).responses,
  close: (client) => client.close?.(),
};
