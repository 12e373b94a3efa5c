import { LogLevel, PollingMode, User, createConsoleLogger, getClient } from '@configcat/sdk';
import { each } from './each.mjs';

const evaluate = ({ snapshot }, key, user) => snapshot.getValue(key, false, user);

export default {
  meta: { name: 'ConfigCat', package: '@configcat/sdk', file: 'configcat.json' },
  async load(text, { repetition }) {
    const payload = `${Date.now()}\n"etag-${repetition}"\n${text}`;
    const client = getClient(`configcat-sdk-1/AAAAAAAAAAAAAAAAAAAAAA/${String(repetition).padStart(22, '0')}`, PollingMode.ManualPoll, {
      offline: true, logger: createConsoleLogger(LogLevel.Error), cache: { get: async () => payload, set: async () => {} },
    });
    await client.waitForReady();
    await client.forceRefreshAsync().catch(() => {});
    return { client, snapshot: client.snapshot() };
  },
  user: ({ key, email, country, appVersion }) => new User(key, email, country, { appVersion }),
  evaluate,
  evaluateAll: each(evaluate),
  close: ({ client }) => client.dispose(),
};
