import { adapter } from './bare-wasm.mjs';

export default adapter({ name: 'probe, by index', file: 'probe.bin', isBinary: true }, 'probe.wasm', { takesAll: true });
