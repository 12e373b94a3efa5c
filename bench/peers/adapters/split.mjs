// Loading asks a server on loopback, as the SDK does. Impressions are counted as by default; without them it was slower.
import { SplitFactory } from '@splitsoftware/splitio';

const never = 100_000;

export default {
  meta: { name: 'Split', package: '@splitsoftware/splitio', file: 'split.json', needsServer: true },
  async load(text, { url, repetition }) {
    const factory = SplitFactory({
      core: { authorizationKey: `bench-sdk-key-${repetition}` }, streamingEnabled: false, debug: 'NONE', sync: { impressionsMode: 'OPTIMIZED' },
      scheduler: {
        featuresRefreshRate: never, segmentsRefreshRate: never, impressionsRefreshRate: never, metricsRefreshRate: never,
        telemetryRefreshRate: never, eventsPushRate: never,
      },
      startup: { readyTimeout: 60, requestTimeoutBeforeReady: 60, retriesOnFailureBeforeReady: 0 },
      urls: { sdk: url, events: url, auth: url, telemetry: url, streaming: url },
    });
    const client = factory.client();
    await client.ready();
    return client;
  },
  user: ({ key, ...attributes }) => [key, attributes],
  evaluate: (client, key, [user, attributes]) => client.getTreatment(user, key, attributes) === 'on',
  evaluateAll: (client, [user, attributes], keys) => client.getTreatments(user, keys, attributes),
  close: (client) => client.destroy(),
};
