// The services that are compared on Fastly Compute.
//
// `name` is in tables. `program` is the place of their wasm among PROGRAMS, `path` what is asked for. `ours` is the configuration of ours as it is
// published, with a cut unless it `isWhole`. What one costs is counted `above` the mean of others. `decides` if it decides flags, `keeps` if it keeps its instance.

/** The same program twice: how far they are apart is what a run cannot tell. */
const KEPT = ['kept', 'kept-again'];
const OURS = { program: 'fastly', decides: true, keeps: true, above: KEPT };
const PEERS = { program: 'fastlyPeers' };

export const SERVICES = {
  flagstone: { name: "**Flagstone's service**, 5 flags to the browser", ours: 'exposed', ...OURS },
  'flagstone-whole': { name: "**Flagstone's service**, the same, published without a cut", ours: 'exposed', isWhole: true, ...OURS },
  'flagstone-pipeline': { name: "**Flagstone's service**, whole pipeline", ours: 'pipeline', ...OURS },
  hand: { name: '*5 flags to the browser, by hand*', program: 'fastlyHand', decides: true, keeps: true, above: KEPT },
  kept: { name: '*reads the headers and asks the origin, keeps its instance*', program: 'fastlyKept', keeps: true, above: KEPT },
  'kept-again': { name: '*the same once more*', program: 'fastlyKept', keeps: true, above: KEPT },
  empty: { name: '*empty*', path: '/empty', ...PEERS },
  headers: { name: '*reads the headers*', path: '/headers', ...PEERS },
  proxy: { name: '*reads them and asks the origin*', path: '/proxy', ...PEERS },
  'reads-probe': { name: "*reads the probe's snapshot besides*", path: '/kv/probe', above: ['headers'], ...PEERS },
  'probe-trusting': { name: '*probe*', path: '/probe-trusting', decides: true, above: ['headers'], ...PEERS },
  probe: { name: '*probe, checked*', path: '/probe', decides: true, above: ['headers'], ...PEERS },
  'reads-launchdarkly': { name: "*reads LaunchDarkly's JSON besides*", path: '/kv/launchdarkly', above: ['headers'], ...PEERS },
  launchdarkly: { name: "LaunchDarkly's JSON and evaluator", path: '/launchdarkly', decides: true, above: ['headers'], ...PEERS },
};
