import { FlagdCore } from '@openfeature/flagd-core';
import { answers, attributes, once, quiet } from './common.mjs';

const load = once(async (env) => {
  const core = new FlagdCore(undefined, quiet, { disableDynamicCodeGeneration: true });
  core.setConfigurations(await env.KV.get('snap'));
  return core;
});

export default {
  async fetch(request, env) {
    const core = await load(env);
    const { key, ...user } = attributes(request);
    const context = { targetingKey: key, ...user };
    return answers(env, (flag) => core.resolveBooleanEvaluation(flag, false, context, quiet).value);
  },
};
