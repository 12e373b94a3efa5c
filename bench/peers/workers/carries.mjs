// Does nothing with the wasm that was uploaded with it: what it takes to have it.
import module from './flagstone.wasm';

const answer = module instanceof WebAssembly.Module ? '00000' : '';

export default { fetch: () => new Response('ok', { headers: { 'x-flags': answer } }) };
