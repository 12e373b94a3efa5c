// The Workers that are compared.
//
// `name` is in tables. `data` is the file of the workload that lies in KV; `ours` is the configuration of our Worker as it is
// published. `wasm` are modules, by the name under which the Worker imports them, as paths below OUT or, with `package:`, below
// node_modules, or, with `repository:`, below its root. `entry` is the file in `workers/`, if it has another name; or our Worker's own.
// `isBase` does no flags, `isPeer` is a flag service's, `isProxy` stands in front of an origin, so that its cost is counted
// above the proxies of one line. `isStart`: only its start is measured.

/** Our Worker's entry. */
export const SHIM = 'worker/shim.mjs';

/** Without what only flags of services need. */
const CORE = { 'flagstone.wasm': 'wasm/flagstone_core.wasm' };
/** Without importers, and without OFREP. */
const ALONE = { 'flagstone.wasm': 'repository:target/wasm/worker-alone/flagstone.wasm' };
const WHOLE = { 'flagstone.wasm': 'repository:worker/pkg/flagstone.wasm' };
const PACKAGE = { 'flagstone.wasm': 'repository:js/wasm/dist/flagstone.wasm' };
const PROBE = { 'probe.wasm': 'wasm/probe.wasm' };
const WORKERS_RS = { 'workers_rs_bg.wasm': 'wasm/workers_rs_bg.wasm' };
const FLIPT = { 'flipt.wasm': 'package:@flipt-io/flipt-client-js/dist/flipt_engine_wasm_js_bg.wasm' };
const YGGDRASIL = { 'yggdrasil_wasm_bg.wasm': 'wasm/yggdrasil_wasm_bg.wasm' };

export const WORKERS = {
  empty: { name: '*empty*', data: 'neutral.json', isBase: true },
  'headers-only': { name: '*reads the headers*', data: 'neutral.json', isBase: true },
  proxy: { name: '*proxy*', data: 'neutral.json', isBase: true, isProxy: true },
  'proxy-again': { name: '*the same once more*', data: 'neutral.json', entry: 'proxy', isBase: true, isProxy: true },
  'proxy-edits': { name: '*proxy that changes as many headers*', data: 'neutral.json', isBase: true, isProxy: true },
  'kv-buffer': { name: '*reads KV, as bytes*', data: 'neutral.json', isBase: true },
  'kv-text': { name: '*reads KV, as text*', data: 'neutral.json', isBase: true },
  'kv-json': { name: '*reads KV, as JSON*', data: 'neutral.json', isBase: true },
  'workers-rs': { name: '*empty, crate `worker`*', data: 'neutral.json', wasm: WORKERS_RS, isBase: true },
  'carries-core': { name: '*empty, with the wasm of our core*', data: 'neutral.json', wasm: CORE, entry: 'carries', isBase: true },
  'carries-package': { name: '*empty, with the wasm of our npm package*', data: 'neutral.json', isStart: true, wasm: PACKAGE, entry: 'carries', isBase: true },
  'carries-alone': { name: '*empty, with the wasm of our Worker without importers*', data: 'neutral.json', isStart: true, wasm: ALONE, entry: 'carries', isBase: true },
  'carries-worker': { name: '*empty, with the wasm of our Worker*', data: 'neutral.json', wasm: WHOLE, entry: 'carries', isBase: true },
  'carries-reads': { name: '*proxy with the wasm of our Worker without importers, which reads what ours reads*', ours: 'pipeline', isStart: true, wasm: ALONE, isBase: true },
  'flagstone-wasm': { name: "**Flagstone's core**, called from JavaScript", data: 'flagstone.snapshot', wasm: CORE },
  'flagstone-library': { name: "**Flagstone's npm package**, as a library", data: 'flagstone.snapshot', wasm: PACKAGE },
  'flagstone-worker': { name: "**Flagstone's Worker**, 5 flags to the browser", ours: 'exposed', wasm: WHOLE, entry: SHIM, isProxy: true },
  'flagstone-route': { name: "**Flagstone's Worker**, whole pipeline without a fallback", ours: 'route', wasm: WHOLE, entry: SHIM, isProxy: true },
  'flagstone-pipeline': { name: "**Flagstone's Worker**, whole pipeline", ours: 'pipeline', wasm: WHOLE, entry: SHIM, isProxy: true },
  'flagstone-alone': { name: "**Flagstone's Worker**, whole pipeline, without importers", ours: 'pipeline', isStart: true, wasm: ALONE, entry: SHIM },
  probe: { name: '*probe*', data: 'probe.bin', wasm: PROBE },
  'hand-written': { name: '*hand-written JavaScript*', data: 'neutral.json' },
  'hand-route': { name: '*whole pipeline without a fallback, by hand*', data: 'asked.neutral', isProxy: true },
  'hand-pipeline': { name: '*whole pipeline, by hand*', data: 'asked.neutral', isProxy: true },
  growthbook: { name: 'GrowthBook, kept', data: 'growthbook.json', isPeer: true },
  'growthbook-edge': { name: 'GrowthBook, as its edge helper does', data: 'growthbook.json', isPeer: true },
  configcat: { name: 'ConfigCat, kept', data: 'configcat.json', isPeer: true },
  eppo: { name: 'Eppo, kept', data: 'eppo.json', isPeer: true },
  flagd: { name: 'flagd, kept', data: 'flagd.json', isPeer: true },
  statsig: { name: 'Statsig, kept', data: 'statsig1.json', isPeer: true },
  'statsig-edge': { name: 'Statsig, as its edge helper does', data: 'statsig1.json', isPeer: true },
  flipt: { name: 'Flipt (wasm), kept', data: 'flipt.json', wasm: FLIPT, isPeer: true },
  yggdrasil: { name: 'Yggdrasil (wasm), kept', data: 'unleash.json', wasm: YGGDRASIL, isPeer: true },
  launchdarkly: { name: 'LaunchDarkly, kept', data: 'launchdarkly.json', isPeer: true },
  'launchdarkly-edge': { name: 'LaunchDarkly, as its Cloudflare SDK does', data: 'launchdarkly.json', isPeer: true },
};

/** Those that do nothing, which the others' cost is counted above. To have wasm uploaded and not to call it takes nothing of a request. */
export const EMPTY = ['empty', 'carries-core', 'carries-worker'];

/** The proxies of one line, which the cost of those in front of an origin is counted above. */
export const PROXIES = ['proxy', 'proxy-again'];

/** Those whose start is measured; what the others take is counted above the first. */
export const STARTS = [
  'empty', 'proxy', 'carries-core', 'carries-package', 'carries-alone', 'carries-worker', 'carries-reads', 'flagstone-wasm', 'flagstone-library', 'flagstone-worker',
  'flagstone-alone', 'flagstone-pipeline', 'hand-pipeline', 'probe', 'growthbook', 'growthbook-edge', 'launchdarkly',
];
