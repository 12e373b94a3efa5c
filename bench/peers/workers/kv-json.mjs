import { attributes, reply } from './common.mjs';

export default {
  async fetch(request, env) {
    const { key } = attributes(request);
    const value = await env.KV.get('snap', 'json');
    return reply(value && key.length > 3 ? '00000' : '11111');
  },
};
