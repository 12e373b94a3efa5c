// An engine behind bare exports, ours or the probe: texts are written into its scratch area, numbers cross as they are.
import fs from 'node:fs';
import path from 'node:path';

/** Where a flag's key lies in the scratch area. */
const ASKED = 2048;
const encoder = new TextEncoder();

const write = ({ memory, scratch }, text, at) => {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return encoder.encodeInto(text, memory.subarray(scratch + at)).written;
    memory[scratch + at + index] = code;
  }
  return text.length;
};

const take = (engine, user) => {
  if (engine.user === user) return;
  let at = 0;
  const lengths = [user.key, user.country, user.appVersion, user.email].map((text) => {
    const length = write(engine, text, at);
    at += length;
    return length;
  });
  engine.exports.user(...lengths);
  engine.user = user;
};

/** The adapter of `wasm`; a flag is asked for by its key each time, or by the number that belongs to the key. */
export function adapter(meta, wasm, asksByKey) {
  let module;
  return {
    meta: { isAsync: false, ...meta },
    load(bytes, { out }) {
      module ??= new WebAssembly.Module(fs.readFileSync(path.join(out, 'wasm', wasm)));
      const { exports } = new WebAssembly.Instance(module, {});
      const at = exports.alloc(bytes.length);
      const memory = new Uint8Array(exports.memory.buffer);
      memory.set(bytes, at);
      if (exports.open(at, bytes.length) < 0) throw new Error('no snapshot');
      return { exports, memory, scratch: exports.scratch(), numbers: new Map() };
    },
    user: (user) => user,
    evaluate: asksByKey
      ? (engine, key, user) => {
        take(engine, user);
        return engine.exports.evaluate_key(write(engine, key, ASKED)) === 1;
      }
      : (engine, key, user) => {
        take(engine, user);
        let number = engine.numbers.get(key);
        if (number === undefined) {
          number = engine.exports.find(write(engine, key, ASKED));
          engine.numbers.set(key, number);
        }
        return engine.exports.evaluate(number) === 1;
      },
    evaluateAll(engine, user) {
      take(engine, user);
      return engine.exports.evaluate_all();
    },
    wasmMemory: (engine) => engine.exports.memory.buffer.byteLength,
    close() {},
  };
}
