import { EppoClient, MemoryOnlyConfigurationStore } from '@eppo/js-client-sdk-common';
import { answers, attributes, once } from './common.mjs';

const load = once(async (env) => {
  const { flags, environment, createdAt, format } = JSON.parse(await env.KV.get('snap'));
  const flagConfigurationStore = new MemoryOnlyConfigurationStore();
  await flagConfigurationStore.setEntries(flags);
  flagConfigurationStore.setEnvironment(environment);
  flagConfigurationStore.setConfigFetchedAt('x');
  flagConfigurationStore.setConfigPublishedAt(createdAt);
  flagConfigurationStore.setFormat(format);
  return new EppoClient({ flagConfigurationStore });
});

export default {
  async fetch(request, env) {
    const client = await load(env);
    const { key, ...user } = attributes(request);
    return answers(env, (flag) => client.getBooleanAssignment(flag, key, user, false));
  },
};
