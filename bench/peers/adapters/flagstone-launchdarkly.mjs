// LaunchDarkly's flags, decided as LaunchDarkly does.
import { adapter } from './bare-wasm.mjs';

const engine = adapter({ name: "flagstone, LaunchDarkly's flags, by index", file: 'launchdarkly.snapshot', isBinary: true }, 'flagstone.wasm');

/** Buckets so many visitors in one call, without the rest of a decision. */
export default { ...engine, bucket: ({ exports }, times) => exports.bucket(times) };
