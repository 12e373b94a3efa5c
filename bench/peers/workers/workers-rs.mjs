// An empty handler of the crate `worker`.
import { fetch, initSync } from 'out/wasm/workers_rs.js';
import module from './workers_rs_bg.wasm';

initSync({ module });

export default { fetch: (request, env, context) => fetch(request, env, context) };
