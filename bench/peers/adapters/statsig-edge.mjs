// The client behind the helpers for Cloudflare and Fastly.
import { StatsigServerlessClient } from '@statsig/serverless-client';
import { each } from './each.mjs';

const evaluate = (client, key, user) => client.checkGate(key, user, { disableExposureLog: true });

export default {
  meta: { name: 'Statsig', package: '@statsig/serverless-client', file: 'statsig1.json' },
  load(text) {
    const client = new StatsigServerlessClient('client-bench', { loggingEnabled: 'disabled', networkConfig: { preventAllNetworkTraffic: true }, logLevel: 0 });
    client.dataAdapter.setData(text);
    client.initializeSync();
    return client;
  },
  user: ({ key, ...attributes }) => ({ userID: key, ...attributes }),
  evaluate,
  evaluateAll: each(evaluate),
  close: (client) => client.shutdown(),
};
