// Unleash's engine in wasm, with the border of `crates/yggdrasil-wasm`.
import { Engine, initSync } from 'out/wasm/yggdrasil_wasm.js';
import module from './yggdrasil_wasm_bg.wasm';
import { answers, attributes, kept } from './common.mjs';

initSync({ module });
const load = async (env) => {
  const engine = new Engine();
  engine.takeState(await env.KV.get('snap'));
  return engine;
};

export default kept(load, (engine, request, env) => {
  const { key, ...properties } = attributes(request);
  const context = JSON.stringify({ userId: key, properties });
  return answers(env, (flag) => engine.isEnabled(flag, context));
});
