// LaunchDarkly's core for the edge, with a cache that never forgets: its best case.
import { EdgeFeatureStore, init } from '@launchdarkly/js-server-sdk-common-edge';
import { askedOf, attributes, kept, quiet, reply } from './common.mjs';

const name = 'bench';
const load = async (env) => {
  const held = new Map();
  const cache = { get: (of) => held.get(of), set: (of, value) => void held.set(of, value), close() {} };
  const featureStore = new EdgeFeatureStore({ get: () => env.KV.get('snap') }, name, name, quiet, cache);
  const platform = { platformData: () => ({ name }), sdkData: () => ({ name, version: '0', userAgentBase: name }) };
  const client = init(name, platform, { featureStore, logger: quiet, sendEvents: false });
  await client.waitForInitialization({ timeout: 10 });
  return client;
};

export default kept(load, async (client, request, env) => {
  const context = { kind: 'user', ...attributes(request) };
  let digits = '';
  for (const { key } of askedOf(env)) digits += (await client.variation(key, context, false)) ? '1' : '0';
  return reply(digits);
});
