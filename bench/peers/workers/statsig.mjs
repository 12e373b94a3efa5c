import { StatsigServerlessClient } from '@statsig/serverless-client';
import { answers, attributes, once } from './common.mjs';

const load = once(async (env) => {
  const client = new StatsigServerlessClient('client-bench', { loggingEnabled: 'disabled', networkConfig: { preventAllNetworkTraffic: true }, logLevel: 0 });
  client.dataAdapter.setData(await env.KV.get('snap'));
  client.initializeSync();
  return client;
});

export default {
  async fetch(request, env) {
    const client = await load(env);
    const { key, ...user } = attributes(request);
    const context = { userID: key, ...user };
    return answers(env, (flag) => client.checkGate(flag, context, { disableExposureLog: true }));
  },
};
