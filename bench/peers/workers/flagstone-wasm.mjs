import module from './flagstone.wasm';
import { worker } from './bare-wasm.mjs';

export default worker(module);
