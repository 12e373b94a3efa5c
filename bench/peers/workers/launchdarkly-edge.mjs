// The SDK for Cloudflare as its documentation has it: a client for each isolate, which reads KV for each flag.
import { init } from '@launchdarkly/cloudflare-server-sdk';
import { askedOf, attributes, once, quiet, reply } from './common.mjs';

const load = once(async (env) => {
  const client = init('bench', { get: () => env.KV.get('snap') }, { logger: quiet });
  await client.waitForInitialization();
  return client;
});

export default {
  async fetch(request, env) {
    const client = await load(env);
    const context = { kind: 'user', ...attributes(request) };
    let digits = '';
    for (const { key } of askedOf(env)) digits += (await client.variation(key, context, false)) ? '1' : '0';
    return reply(digits);
  },
};
