import { EppoClient, MemoryOnlyConfigurationStore } from '@eppo/js-client-sdk-common';
import { answers, attributes, kept } from './common.mjs';

const load = async (env) => {
  const { flags, environment, createdAt, format } = JSON.parse(await env.KV.get('snap'));
  const flagConfigurationStore = new MemoryOnlyConfigurationStore();
  await flagConfigurationStore.setEntries(flags);
  flagConfigurationStore.setEnvironment(environment);
  flagConfigurationStore.setConfigFetchedAt('x');
  flagConfigurationStore.setConfigPublishedAt(createdAt);
  flagConfigurationStore.setFormat(format);
  return new EppoClient({ flagConfigurationStore });
};

export default kept(load, (client, request, env) => {
  const { key, ...user } = attributes(request);
  return answers(env, (flag) => client.getBooleanAssignment(flag, key, user, false));
});
