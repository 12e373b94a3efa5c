import { GrowthBookClient } from '@growthbook/growthbook';
import { answers, attributes, once } from './common.mjs';

const load = once(async (env) => {
  const client = new GrowthBookClient({});
  client.initSync({ payload: JSON.parse(await env.KV.get('snap')) });
  return client;
});

export default {
  async fetch(request, env) {
    const client = await load(env);
    const { key, ...user } = attributes(request);
    const context = { attributes: { id: key, ...user } };
    return answers(env, (flag) => client.isOn(flag, context));
  },
};
