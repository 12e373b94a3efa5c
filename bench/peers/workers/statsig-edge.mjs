// The helper for Cloudflare: a client, a read of KV and a parse for each request.
import { handleWithStatsig } from '@statsig/serverless-client/cloudflare';
import { answers, attributes } from './common.mjs';

const handler = handleWithStatsig(async (request, env, context, client) => {
  const { key, ...rest } = attributes(request);
  const user = { userID: key, ...rest };
  return answers(env, (flag) => client.checkGate(flag, user, { disableExposureLog: true }));
}, {
  envStatsigKey: 'STATSIG_KEY', envKvBindingName: 'KV', kvKey: 'SNAP_KEY',
  statsigOptions: { loggingEnabled: 'disabled', networkConfig: { preventAllNetworkTraffic: true }, logLevel: 0 },
});

export default { fetch: (request, env, context) => handler.fetch(request, env, context) };
