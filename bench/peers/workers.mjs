// The Workers that are compared.
//
// `data` is the file of the workload that lies in KV. `isBase` does no flags. `wasm` are
// modules, by the name under which the Worker imports them, as paths below OUT or, with `package:`, below node_modules, or, with `repository:`, below its root.
// `ours` is the configuration of our Worker as it is published. `entry` is the file in `workers/`, if it has another name; or our
// Worker's own. `isStart`: only its start is measured.

/** Our Worker's entry. */
export const SHIM = 'worker/shim.mjs';

/** Without what only flags of services need. */
const CORE = { 'flagstone.wasm': 'wasm/flagstone_core.wasm' };
/** As `cargo xtask build alone` makes it: without importers, and without OFREP. */
const ALONE = { 'flagstone.wasm': 'repository:target/wasm/worker-alone/flagstone.wasm' };
const WHOLE = { 'flagstone.wasm': 'repository:worker/pkg/flagstone.wasm' };
const PACKAGE = { 'flagstone.wasm': 'repository:js/wasm/dist/flagstone.wasm' };
const PROBE = { 'probe.wasm': 'wasm/probe.wasm' };
const WORKERS_RS = { 'workers_rs_bg.wasm': 'wasm/workers_rs_bg.wasm' };
const FLIPT = { 'flipt.wasm': 'package:@flipt-io/flipt-client-js/dist/flipt_engine_wasm_js_bg.wasm' };
const YGGDRASIL = { 'yggdrasil_wasm_bg.wasm': 'wasm/yggdrasil_wasm_bg.wasm' };

export const WORKERS = {
  empty: { data: 'neutral.json', isBase: true },
  'headers-only': { data: 'neutral.json', isBase: true },
  proxy: { data: 'neutral.json', isBase: true },
  'proxy-edits': { data: 'neutral.json', isBase: true },
  'kv-buffer': { data: 'neutral.json', isBase: true },
  'kv-text': { data: 'neutral.json', isBase: true },
  'kv-json': { data: 'neutral.json', isBase: true },
  'workers-rs': { data: 'neutral.json', isBase: true, wasm: WORKERS_RS },
  'carries-core': { data: 'neutral.json', isBase: true, wasm: CORE, entry: 'carries' },
  'carries-package': { data: 'neutral.json', isStart: true, wasm: PACKAGE, entry: 'carries' },
  'carries-alone': { data: 'neutral.json', isStart: true, wasm: ALONE, entry: 'carries' },
  'carries-worker': { data: 'neutral.json', isBase: true, wasm: WHOLE, entry: 'carries' },
  'carries-reads': { ours: 'pipeline', isStart: true, wasm: ALONE },
  'flagstone-wasm': { data: 'flagstone.snapshot', wasm: CORE },
  'flagstone-library': { data: 'flagstone.snapshot', wasm: PACKAGE },
  'flagstone-worker': { ours: 'exposed', wasm: WHOLE, entry: SHIM },
  'flagstone-route': { ours: 'route', wasm: WHOLE, entry: SHIM },
  'flagstone-pipeline': { ours: 'pipeline', wasm: WHOLE, entry: SHIM },
  'flagstone-alone': { ours: 'pipeline', isStart: true, wasm: ALONE, entry: SHIM },
  probe: { data: 'probe.bin', wasm: PROBE },
  'probe-promise': { data: 'probe.bin', wasm: PROBE },
  'hand-written': { data: 'neutral.json' },
  'hand-route': { data: 'neutral.json' },
  'hand-pipeline': { data: 'neutral.json' },
  growthbook: { data: 'growthbook.json' },
  'growthbook-edge': { data: 'growthbook.json' },
  configcat: { data: 'configcat.json' },
  eppo: { data: 'eppo.json' },
  flagd: { data: 'flagd.json' },
  statsig: { data: 'statsig1.json' },
  'statsig-edge': { data: 'statsig1.json' },
  flipt: { data: 'flipt.json', wasm: FLIPT },
  yggdrasil: { data: 'unleash.json', wasm: YGGDRASIL },
  launchdarkly: { data: 'launchdarkly.json' },
  'launchdarkly-edge': { data: 'launchdarkly.json' },
};

/** Those that do nothing, which the others' cost is counted above. To have wasm uploaded and not to call it takes nothing of a request. */
export const EMPTY = ['empty', 'carries-core', 'carries-worker'];

/** Whether a Worker stands in front of an origin, so that its cost is counted above `proxy`. */
export const isProxy = (name) => /^(proxy|hand-(route|pipeline)|flagstone-(worker|route|pipeline))/.test(name);

/** Those whose start is measured; what the others take is counted above the first. */
export const STARTS = [
  'empty', 'proxy', 'carries-core', 'carries-package', 'carries-alone', 'carries-worker', 'carries-reads', 'flagstone-wasm', 'flagstone-library', 'flagstone-worker',
  'flagstone-alone', 'flagstone-pipeline', 'probe', 'growthbook', 'launchdarkly',
];
