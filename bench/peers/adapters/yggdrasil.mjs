// Unleash's engine in wasm, with the border of `crates/yggdrasil-wasm`.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { each } from './each.mjs';

const evaluate = (engine, key, user) => engine.isEnabled(key, user);
let border;
let instance;

export default {
  meta: { name: 'Yggdrasil (wasm)', package: 'unleash-yggdrasil', file: 'unleash.json' },
  async load(text, { out }) {
    if (!border) {
      border = await import(pathToFileURL(path.join(out, 'wasm/yggdrasil_wasm.js')).href);
      instance = border.initSync({ module: fs.readFileSync(path.join(out, 'wasm/yggdrasil_wasm_bg.wasm')) });
    }
    const engine = new border.Engine();
    engine.takeState(text);
    return engine;
  },
  user: ({ key, ...properties }) => JSON.stringify({ userId: key, properties }),
  evaluate,
  evaluateAll: each(evaluate),
  wasmMemory: () => instance.memory.buffer.byteLength,
  close: (engine) => engine.free(),
};
