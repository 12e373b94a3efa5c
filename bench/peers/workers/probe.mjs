import module from './probe.wasm';
import { worker } from './bare-wasm.mjs';

export default worker(module);
