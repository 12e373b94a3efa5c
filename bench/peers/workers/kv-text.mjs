import { attributes, reply } from './common.mjs';

export default {
  async fetch(request, env) {
    const { key } = attributes(request);
    const value = await env.KV.get('snap', 'text');
    return reply(value.length + key.length > 3 ? '00000' : '11111');
  },
};
