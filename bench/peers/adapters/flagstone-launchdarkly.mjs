// LaunchDarkly's flags, decided as LaunchDarkly does.
import { adapter } from './bare-wasm.mjs';

export default adapter({ name: "flagstone, LaunchDarkly's flags, by index", file: 'launchdarkly.snapshot', isBinary: true }, 'flagstone.wasm', false);
