// Ours by its npm package, as programs use it: flags are asked for by their keys.
import { open } from '../../../js/wasm/dist/node.js';

const evaluate = (snapshot, key, user) => user.value(key) === true;

export default {
  meta: { name: 'flagstone, npm package', file: 'flagstone.snapshot', isBinary: true },
  load: (bytes) => open(bytes),
  user: ({ key, country, appVersion, email }, snapshot) => snapshot.for({ targetingKey: key, visitor: { country, version: appVersion, email } }),
  evaluate,
  evaluateAll: (snapshot, user) => user.all().reduce((on, { value }) => on + (value === true ? 1 : 0), 0),
  wasmMemory: (snapshot) => snapshot.held.instance.exports.memory.buffer.byteLength,
  close() {},
};
