// An engine behind bare exports: the texts of a request are written into its scratch area, one call decides all flags.
import { askedOf, attributes, once, reply } from './common.mjs';

/** Where numbers of flags lie in the scratch area. */
const ASKED = 2048;
/** The answers for each set of bits. */
const ANSWERS = Array.from({ length: 32 }, (_, bits) => [0, 1, 2, 3, 4].map((flag) => (bits >> flag) & 1).join(''));
const encoder = new TextEncoder();

/** A Worker around a module. With `isPrompt`, requests after the first wait for no promise. */
export function worker(module, isPrompt) {
  // A request's headers are read and written at once, as all Workers do: of ours nothing is left to be asked for.
  const { exports } = new WebAssembly.Instance(module, { user: { write: () => 0 } });
  const scratch = exports.scratch();
  let memory = new Uint8Array(exports.memory.buffer);
  let count = 0;

  const write = (text, at) => {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) return encoder.encodeInto(text, memory.subarray(at)).written;
      memory[at + index] = code;
    }
    return text.length;
  };

  const load = once(async (env) => {
    const bytes = new Uint8Array(await env.KV.get('snap', 'arrayBuffer'));
    const at = exports.alloc(bytes.length);
    memory = new Uint8Array(exports.memory.buffer);
    memory.set(bytes, at);
    if (exports.open(at, bytes.length) < 0) throw new Error('no snapshot');
    const numbers = askedOf(env).map(({ key }) => exports.find(write(key, scratch + ASKED)));
    new Uint32Array(exports.memory.buffer, scratch + ASKED, numbers.length).set(numbers);
    count = numbers.length;
  });

  const decide = (request) => {
    const { key, country, appVersion, email } = attributes(request);
    const first = write(key, scratch);
    const second = write(country, scratch + first);
    const third = write(appVersion, scratch + first + second);
    const fourth = write(email, scratch + first + second + third);
    return reply(ANSWERS[exports.decide(first, second, third, fourth, count)]);
  };

  return { fetch: (request, env) => (isPrompt && count > 0 ? decide(request) : load(env).then(() => decide(request))) };
}
