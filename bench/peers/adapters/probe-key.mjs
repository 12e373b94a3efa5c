import { adapter } from './bare-wasm.mjs';

export default adapter({ name: 'probe, by key', file: 'probe.bin', isBinary: true }, 'probe.wasm', { asksByKey: true, takesAll: true });
