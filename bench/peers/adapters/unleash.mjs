import { InMemStorageProvider, Unleash } from 'unleash-client';
import { each } from './each.mjs';

const evaluate = (client, key, user) => client.isEnabled(key, user, false);

export default {
  meta: { name: 'Unleash', package: 'unleash-client', file: 'unleash.json' },
  async load(text, { repetition }) {
    const { features, segments } = JSON.parse(text);
    const client = new Unleash({
      appName: `bench${repetition}`, url: 'http://127.0.0.1:9/api/', refreshInterval: 0, disableMetrics: true, skipInstanceCountWarning: true,
      storageProvider: new InMemStorageProvider(), bootstrap: { data: features, segments }, disableAutoStart: true,
    });
    client.on('error', () => {});
    client.on('warn', () => {});
    const ready = new Promise((done) => client.once('ready', done));
    client.start();
    await ready;
    return client;
  },
  user: ({ key, ...properties }) => ({ userId: key, properties }),
  evaluate,
  evaluateAll: each(evaluate),
  close: (client) => client.destroy(),
};
