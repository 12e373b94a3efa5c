import { LogLevel, PollingMode, User, createConsoleLogger, getClient } from '@configcat/sdk/cloudflare-worker';
import { answers, attributes, kept } from './common.mjs';

const load = async (env) => {
  const payload = `${Date.now()}\n"e"\n${await env.KV.get('snap')}`;
  const client = getClient('configcat-sdk-1/AAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAA', PollingMode.ManualPoll, {
    offline: true, logger: createConsoleLogger(LogLevel.Error), cache: { get: async () => payload, set: async () => {} },
  });
  await client.waitForReady();
  return client.snapshot();
};

export default kept(load, (snapshot, request, env) => {
  const { key, email, country, appVersion } = attributes(request);
  const user = new User(key, email, country, { appVersion });
  return answers(env, (flag) => snapshot.getValue(flag, false, user));
});
