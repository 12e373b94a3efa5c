import { GrowthBookClient } from '@growthbook/growthbook';
import { answers, attributes, kept } from './common.mjs';

const load = async (env) => {
  const client = new GrowthBookClient({});
  client.initSync({ payload: JSON.parse(await env.KV.get('snap')) });
  return client;
};

export default kept(load, (client, request, env) => {
  const { key, ...user } = attributes(request);
  const context = { attributes: { id: key, ...user } };
  return answers(env, (flag) => client.isOn(flag, context));
});
