import { evaluate, load as read } from '../adapters/hand-written.mjs';
import { answers, attributes, kept } from './common.mjs';

const load = async (env) => read(await env.KV.get('snap', 'text'));

export default kept(load, (flags, request, env) => {
  const user = attributes(request);
  return answers(env, (flag) => evaluate(flags, flag, user));
});
