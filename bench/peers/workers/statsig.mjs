import { StatsigServerlessClient } from '@statsig/serverless-client';
import { answers, attributes, kept } from './common.mjs';

const load = async (env) => {
  const client = new StatsigServerlessClient('client-bench', { loggingEnabled: 'disabled', networkConfig: { preventAllNetworkTraffic: true }, logLevel: 0 });
  client.dataAdapter.setData(await env.KV.get('snap'));
  client.initializeSync();
  return client;
};

export default kept(load, (client, request, env) => {
  const { key, ...user } = attributes(request);
  const context = { userID: key, ...user };
  return answers(env, (flag) => client.checkGate(flag, context, { disableExposureLog: true }));
});
