// Loading reads a file; `variation` is asynchronous. Events are off.
import sdk from '@launchdarkly/node-server-sdk';
import integrations from '@launchdarkly/node-server-sdk/integrations';

const logger = { debug() {}, info() {}, warn() {}, error: console.error };

export default {
  meta: { name: 'LaunchDarkly', package: '@launchdarkly/node-server-sdk', file: 'launchdarkly.json', isAsync: true },
  async load(text, { file }) {
    const updateProcessor = new integrations.FileDataSourceFactory({ paths: [file], autoUpdate: false }).getFactory();
    const client = sdk.init('sdk-bench', { sendEvents: false, diagnosticOptOut: true, logger, updateProcessor });
    await client.waitForInitialization({ timeout: 60 });
    return client;
  },
  user: (user) => ({ kind: 'user', ...user }),
  evaluate: (client, key, user) => client.variation(key, user, false),
  evaluateAll: async (client, user) => (await client.allFlagsState(user)).allValues(),
  close: (client) => client.close(),
};
