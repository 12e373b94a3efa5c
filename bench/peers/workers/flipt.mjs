// The build that Flipt makes for the edge. Versions are numbers, as in `adapters/flipt.mjs`.
import { FliptClient } from '@flipt-io/flipt-client-js/slim';
import wasm from './flipt.wasm';
import { answers, attributes, kept } from './common.mjs';

const number = (version) => {
  const [major, minor, patch] = version.split('.').map(Number);
  return String(major * 1e6 + minor * 1e3 + patch);
};

const load = async (env) => {
  const text = await env.KV.get('snap');
  const fetcher = async () => ({ ok: true, status: 200, statusText: 'OK', headers: { get: () => null }, json: async () => JSON.parse(text) });
  return FliptClient.init({ namespace: 'default', updateInterval: 0, fetcher }, { wasm });
};

export default kept(load, (client, request, env) => {
  const { key: entityId, country, appVersion, email } = attributes(request);
  const context = { country, appVersionNum: number(appVersion || '0.0.0'), email };
  return answers(env, (flagKey, kind) => {
    const asked = { flagKey, entityId, context };
    return kind === 'rule3' ? client.evaluateVariant(asked).variantKey === 'on' : client.evaluateBoolean(asked).enabled;
  });
});
