// What the edge app does in each request, but for its changes of HTML and the origin.
import { getPayloadFromKV } from '@growthbook/edge-cloudflare';
import { GrowthBook } from '@growthbook/growthbook';
import { answers, attributes } from './common.mjs';

export default {
  async fetch(request, env) {
    const { key, ...user } = attributes(request);
    const payload = await getPayloadFromKV(env, 'KV', 'snap');
    const growthbook = new GrowthBook({ attributes: { id: key, ...user } });
    await growthbook.init({ payload });
    const response = answers(env, (flag) => growthbook.isOn(flag));
    growthbook.destroy();
    return response;
  },
};
