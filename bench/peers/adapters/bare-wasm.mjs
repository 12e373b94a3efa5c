// An engine behind bare exports, ours or the probe: texts are written into its scratch area, numbers cross as they are.
import fs from 'node:fs';
import path from 'node:path';

/** Where a flag's key lies in the scratch area, behind a user's texts; each has as much room. */
const ASKED = 2048;
const encoder = new TextEncoder();

/** Writes a text; gives its bytes. */
const write = (text, room) => {
  let all = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    all |= code;
    room[index] = code;
  }
  return all < 128 ? text.length : encoder.encodeInto(text, room).written;
};

/** Hands a user over, unless the engine has just this one: four texts, written as one. */
const take = (engine, user) => {
  if (engine.user === user) return;
  const { key, country, appVersion, email } = user;
  const all = key + country + appVersion + email;
  if (encoder.encodeInto(all, engine.texts).written !== all.length) throw new Error('the texts of the workload are ASCII');
  engine.take(key.length, country.length, appVersion.length, email.length);
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
      const room = (at) => new Uint8Array(exports.memory.buffer, exports.scratch() + at, ASKED);
      return {
        exports, texts: room(0), asked: room(ASKED), numbers: new Map(), user: undefined,
        take: exports.user, evaluate: exports.evaluate, evaluateKey: exports.evaluate_key,
      };
    },
    user: (user) => user,
    evaluate: asksByKey
      ? (engine, key, user) => {
        take(engine, user);
        return engine.evaluateKey(write(key, engine.asked)) === 1;
      }
      : (engine, key, user) => {
        take(engine, user);
        let number = engine.numbers.get(key);
        if (number === undefined) {
          number = engine.exports.find(write(key, engine.asked));
          engine.numbers.set(key, number);
        }
        return engine.evaluate(number) === 1;
      },
    evaluateAll(engine, user) {
      take(engine, user);
      return engine.exports.evaluate_all();
    },
    wasmMemory: (engine) => engine.exports.memory.buffer.byteLength,
    close() {},
  };
}
