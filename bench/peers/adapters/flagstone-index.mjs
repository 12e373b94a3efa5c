import { adapter } from './bare-wasm.mjs';

export default adapter({ name: 'flagstone, by index', file: 'flagstone.snapshot', isBinary: true }, 'flagstone.wasm');
