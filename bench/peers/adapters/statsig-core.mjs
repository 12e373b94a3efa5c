import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { each } from './each.mjs';

const evaluate = (statsig, key, user) => statsig.checkGate(user, key, { disableExposureLogging: true });

export default {
  meta: { name: 'Statsig (native)', package: '@statsig/statsig-node-core', file: 'statsig2.json', isNative: true },
  async load(text) {
    const statsig = new Statsig('secret-bench', {
      disableNetwork: true, disableAllLogging: true, outputLogLevel: 'none', disableCountryLookup: true, enableIdLists: false,
      dataStore: {
        initialize: async () => {}, shutdown: async () => {}, get: async () => ({ result: text, time: 1767225600000 }), set: async () => {},
        supportPollingUpdatesFor: async () => false,
      },
      specAdaptersConfig: [{ adapterType: 'data_store', initTimeoutMs: 3000 }],
    });
    await statsig.initialize();
    return statsig;
  },
  user: ({ key, ...attributes }) => new StatsigUser({ userID: key, ...attributes }),
  evaluate,
  evaluateAll: each(evaluate),
  close: (statsig) => statsig.shutdown(),
};
