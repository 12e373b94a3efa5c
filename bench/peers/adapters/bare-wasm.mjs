// An engine behind bare exports, ours or the probe: texts are written into its scratch area, numbers cross as they are. Nothing of a user
// is written before the clock starts.
import fs from 'node:fs';
import path from 'node:path';

/** Where a flag's key lies in the scratch area, behind a user's texts; each has as much room. */
const ASKED = 2048;
/** Room for one of a user's texts, where the engine asks for it. */
const PLACE = ASKED / 4;
const encoder = new TextEncoder();

/** Writes a text; gives its bytes. */
const write = (text, room, at) => {
  let all = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    all |= code;
    room[at + index] = code;
  }
  return all < 128 ? text.length : encoder.encodeInto(text, room.subarray(at)).written;
};

/** Hands a user over to an engine that asks for each text when a decision first needs it, as ours does. */
const announce = (engine, user) => {
  engine.user = user;
  engine.next();
};

/** Hands a user over to one that has to have all of it, as the probe: four texts, written as one. */
const hand = (engine, user) => {
  engine.user = user;
  const all = user[0] + user[1] + user[2] + user[3];
  if (encoder.encodeInto(all, engine.texts).written !== all.length) throw new Error('the texts of the workload are ASCII');
  engine.next(user[0].length, user[1].length, user[2].length, user[3].length);
};

/** The adapter of `wasm`; a flag is asked for by its key each time, or by the number that belongs to the key. */
export function adapter(meta, wasm, { asksByKey = false, takesAll = false } = {}) {
  const take = takesAll ? hand : announce;
  let module;
  return {
    meta: { isAsync: false, ...meta },
    load(bytes, { out }) {
      module ??= new WebAssembly.Module(fs.readFileSync(path.join(out, 'wasm', wasm)));
      const engine = { numbers: new Map(), user: undefined };
      const user = { write: (which) => write(engine.user[which], engine.texts, PLACE * which) };
      const { exports } = new WebAssembly.Instance(module, { user });
      const at = exports.alloc(bytes.length);
      const memory = new Uint8Array(exports.memory.buffer);
      memory.set(bytes, at);
      if (exports.open(at, bytes.length) < 0) throw new Error('no snapshot');
      const room = (at) => new Uint8Array(exports.memory.buffer, exports.scratch() + at, ASKED);
      return Object.assign(engine, {
        exports, texts: room(0), asked: room(ASKED),
        next: takesAll ? exports.user : exports.next_user, evaluate: exports.evaluate, evaluateKey: exports.evaluate_key,
      });
    },
    user: ({ key, country, appVersion, email }) => [key, country, appVersion, email],
    evaluate: asksByKey
      ? (engine, key, user) => {
        if (engine.user !== user) take(engine, user);
        return engine.evaluateKey(write(key, engine.asked, 0)) === 1;
      }
      : (engine, key, user) => {
        if (engine.user !== user) take(engine, user);
        let number = engine.numbers.get(key);
        if (number === undefined) {
          number = engine.exports.find(write(key, engine.asked, 0));
          engine.numbers.set(key, number);
        }
        return engine.evaluate(number) === 1;
      },
    evaluateAll(engine, user) {
      if (engine.user !== user) take(engine, user);
      return engine.exports.evaluate_all();
    },
    wasmMemory: (engine) => engine.exports.memory.buffer.byteLength,
    close() {},
  };
}
