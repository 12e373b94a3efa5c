import { adapter } from './bare-wasm.mjs';

export default adapter({ name: 'flagstone, by key', file: 'flagstone.snapshot', isBinary: true }, 'flagstone.wasm', { asksByKey: true });
