// The SDK for Cloudflare as its documentation has it: a client for each isolate, which reads KV for each flag.
import { init } from '@launchdarkly/cloudflare-server-sdk';
import { askedOf, attributes, kept, quiet, reply } from './common.mjs';

const load = async (env) => {
  const client = init('bench', { get: () => env.KV.get('snap') }, { logger: quiet });
  await client.waitForInitialization();
  return client;
};

export default kept(load, async (client, request, env) => {
  const context = { kind: 'user', ...attributes(request) };
  let digits = '';
  for (const { key } of askedOf(env)) digits += (await client.variation(key, context, false)) ? '1' : '0';
  return reply(digits);
});
