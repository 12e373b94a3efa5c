// What LaunchDarkly's edge SDK does with the same bytes until it can evaluate: read them from the store, parse them, and make
// its own form of them. One flag is asked for, since the SDK reads when it is asked. Or only the parsing.
import { EdgeFeatureStore, init } from '@launchdarkly/js-server-sdk-common-edge';
import document from 'document.bin';

const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
const name = 'bench';
const text = new TextDecoder().decode(document);
const key = Object.keys(JSON.parse(text).flags)[1];
const user = { kind: 'user', key: 'u-1' };

async function ready() {
  const held = new Map();
  const cache = { get: (of) => held.get(of), set: (of, value) => void held.set(of, value), close() {} };
  const store = new EdgeFeatureStore({ get: async () => new TextDecoder().decode(document) }, name, name, quiet, cache);
  const platform = { platformData: () => ({ name }), sdkData: () => ({ name, version: '0', userAgentBase: name }) };
  const client = init(name, platform, { featureStore: store, logger: quiet, sendEvents: false });
  await client.waitForInitialization({ timeout: 10 });
  const detail = await client.variationDetail(key, user, null);
  if (detail.reason.kind === 'ERROR') throw new Error(detail.reason.errorKind);
}

export default {
  async fetch(request) {
    const asked = new URL(request.url).searchParams;
    const run = asked.get('of') === 'json' ? () => JSON.parse(new TextDecoder().decode(document)) : ready;
    for (let times = Number(asked.get('times')); times > 0; times--) await run();
    return new Response('ready');
  },
};
