// Has our Worker's wasm, instantiates it, reads what ours reads, and is a proxy: what the platform takes of a start of ours.
import module from './flagstone.wasm';
import { kept } from './common.mjs';

const load = async ({ FLAGS }) => {
  const { exports } = new WebAssembly.Instance(module, { shim: { log() {} } });
  const { snapshot, cuts } = JSON.parse(await FLAGS.get('control'));
  return { exports, bytes: new Uint8Array(await FLAGS.get(cuts[snapshot], 'arrayBuffer')) };
};

export default kept(load, (_, request, env) => env.ORIGIN_STABLE.fetch(request));
