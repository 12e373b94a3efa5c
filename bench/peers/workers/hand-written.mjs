import { evaluate, load as read } from '../adapters/hand-written.mjs';
import { answers, attributes, once } from './common.mjs';

const load = once(async (env) => read(await env.KV.get('snap', 'text')));

export default {
  async fetch(request, env) {
    const flags = await load(env);
    const user = attributes(request);
    return answers(env, (flag) => evaluate(flags, flag, user));
  },
};
