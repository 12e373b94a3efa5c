import { FlagdCore } from '@openfeature/flagd-core';
import { answers, attributes, kept, quiet } from './common.mjs';

const load = async (env) => {
  const core = new FlagdCore(undefined, quiet, { disableDynamicCodeGeneration: true });
  core.setConfigurations(await env.KV.get('snap'));
  return core;
};

export default kept(load, (core, request, env) => {
  const { key, ...user } = attributes(request);
  const context = { targetingKey: key, ...user };
  return answers(env, (flag) => core.resolveBooleanEvaluation(flag, false, context, quiet).value);
});
