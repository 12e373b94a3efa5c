// What is aimed at, and how far it is.
import { WORKERS } from './workers.mjs';
import { KINDS } from './workload/model.mjs';
import { bytes, geometricMean, microseconds, milliseconds, nanoseconds, ratio, table } from './format.mjs';

/** What the probe took when the targets were set, on another machine, in the unit of the target. */
const PROBE_THEN = {
  native: 13, 'native segment': 23, 'native all': 5, 'load 1000': 7, 'load 10000': 65, 'by index': 40, 'by key': 85,
  workerd: 3, start: 1500, 'fastly 1000': 140, 'fastly 10000': 3100,
};

/** The least of some values, with its name. */
function best(values, format) {
  const sorted = values.filter(([, value]) => Number.isFinite(value)).sort(([, a], [, b]) => a - b);
  return sorted.length ? `${format(sorted[0][1])} (${sorted[0][0]})` : '–';
}

export function targets(results, documents, sizes) {
  const native = (engine, flags = 1000) => results.native.find((row) => row.engine === engine && row.flags === flags)?.results ?? {};
  const peers = ['launchdarkly', 'yggdrasil', 'eppo'];
  const node = (adapter, flags = 1000) => results.engines.find((row) => row.adapter === adapter && row.flags === flags) ?? { one: {} };
  const nodePeers = [...new Set(results.engines.map(({ adapter }) => adapter))].filter((adapter) => !/^(flagstone|probe|hand-written)/.test(adapter));
  const worker = (name) => results.workers.find((row) => row.name === name);
  const workerPeers = results.workers.filter(({ name }) => WORKERS[name].isPeer);
  const fastly = (name, flags) => results.fastly.find((row) => row.name === name && row.flags === flags);
  const one = (engine) => geometricMean(KINDS.map((kind) => native(engine)[`one.${kind}.ns`]));
  const oneInNode = (adapter) => geometricMean(KINDS.map((kind) => node(adapter).one[kind]));
  const segments = native('segments');
  const snapshot = (name) => results.prepare.snapshots[1000][name];
  const formats = Object.keys(results.prepare.snapshots[1000]).filter((name) => name.endsWith('.json') && name !== 'neutral.json');
  const memory = native('flagstone', 10_000)['memory.bytes'] / results.prepare.snapshots[10_000]['flagstone.snapshot'].raw;
  const aboveBase = (name) => worker(name)?.above;
  const start = (name) => results.starts.find((row) => row.name === name)?.aboveAll;
  const byHand = (name) => `by hand: ${microseconds(aboveBase(name))}`;
  const startPeers = (peers) => best(peers.map((peer) => [peer, start(peer)]), milliseconds);
  const ofWholeStart = `by hand: ${milliseconds(start('hand-pipeline'))}; a proxy with the wasm without importers, which reads the same: ${milliseconds(start('carries-reads'))}; ${startPeers(['growthbook-edge'])}`;
  const document = documents.results.find(({ flags }) => flags === 1000);
  const documentRatio = (of) => document[of].warm.own / document.launchdarkly.warm.own;
  const perSecond = (number) => `${(number / 1e6).toFixed(2)} million`;
  const lines = results.eval.lines / results.eval.seconds;
  const evaluations = 1e9 / (native('flagstone')['all.ns'] / 1000);
  const probeNow = {
    native: one('probe'), 'native segment': native('probe')['one.segment.ns'], 'native all': native('probe')['all.ns'] / 1e3,
    'load 1000': native('probe')['load.warm.ns'] / 1e3, 'load 10000': native('probe', 10_000)['load.warm.ns'] / 1e3,
    'by index': oneInNode('probe-index'), 'by key': oneInNode('probe-key'),
    workerd: aboveBase('probe'), start: start('probe'),
    ...Object.fromEntries([1000, 10_000].map((flags) => [`fastly ${flags}`, fastly('probe', flags).above])),
  };
  const probe = (what, format) => (what ? `${format(PROBE_THEN[what])} → ${format(probeNow[what])}` : '–');
  const multiple = (measured, probe) => (measured > 0 && probe > 0 ? ratio(measured / probe) : '–');
  const ofProbe = (target, measured, what) => (what ? `${multiple(target, PROBE_THEN[what])} → ${multiple(measured, probeNow[what])}` : '–');
  const fastlyRows = (flags, target) => {
    const above = (name) => microseconds(fastly(name, flags).above);
    const { above: aboveKept, aboveFresh } = fastly('flagstone', flags);
    const what = `Fastly, CPU above a service that reads the headers and asks the origin, each time in a fresh instance, ${flags.toLocaleString('en')} flags`;
    return [
      [what, target, aboveFresh, microseconds, `${above('launchdarkly')} (LaunchDarkly, above one that reads the headers); reading the probe's bytes: ${above('reads-probe')}`, `fastly ${flags}`],
      ['above one that keeps its instance, as ours does', target, aboveKept, microseconds, `by hand: ${above('hand')}`, `fastly ${flags}`],
    ];
  };
  const rows = [
    ['one flag by key, Rust, geometric mean of four kinds', 20, one('flagstone'), nanoseconds, best(peers.map((peer) => [peer, one(peer)]), nanoseconds), 'native'],
    ['one flag from JavaScript, by index', 60, oneInNode('flagstone-index'), nanoseconds, best(nodePeers.map((peer) => [peer, oneInNode(peer)]), nanoseconds), 'by index'],
    ['one flag from JavaScript, by key', 130, oneInNode('flagstone-key'), nanoseconds, 'as above', 'by key'],
    ['the same, by the npm package', 130, oneInNode('flagstone-package'), nanoseconds, 'as above', 'by key'],
    ['a flag with a segment of 1,000 keys, of 1,000 flags', 45, native('flagstone')['one.segment.ns'], nanoseconds, best(peers.map((peer) => [peer, native(peer)['one.segment.ns']]), nanoseconds), 'native segment'],
    ['the same flag alone', 45, segments['1000.ns'], nanoseconds, '–', 'native segment'],
    ['a flag with a segment of 1,000,000 keys, alone', 45, segments['1000000.ns'], nanoseconds, '–', 'native segment'],
    ['bytes a key, 1,000,000 keys', 9, segments['1000000.bytes'] / 1e6, bytes, '–'],
    ['all 1,000 flags for one user', 15, native('flagstone')['all.ns'] / 1e3, microseconds, best(peers.map((peer) => [peer, native(peer)['all.ns'] / 1e3]), microseconds), 'native all'],
    ...[[1000, 10], [10_000, 80]].map(([flags, target]) => [
      `bytes in hand to first evaluation, ${flags.toLocaleString('en')} flags`, target, native('flagstone', flags)['load.warm.ns'] / 1e3, microseconds,
      best([...peers.map((peer) => [peer, native(peer, flags)['load.warm.ns'] / 1e3]), ...nodePeers.map((peer) => [peer, node(peer, flags).warm / 1e3])], microseconds), `load ${flags}`,
    ]),
    ['snapshot of 1,000 flags', 180_000, snapshot('flagstone.snapshot').raw, bytes, best(formats.map((name) => [name, snapshot(name).raw]), bytes)],
    ['the same, gzip', 110_000, snapshot('flagstone.snapshot').gzip, bytes, best(formats.map((name) => [name, snapshot(name).gzip]), bytes)],
    ['memory of 10,000 flags, as a multiple of the snapshot', 1.2, memory, ratio, best(nodePeers.map((peer) => [peer, node(peer, 10_000).memory]), bytes)],
    ['workerd, 5 flags and 1 header, CPU above an empty Worker', 5, aboveBase('flagstone-wasm'), microseconds, best(workerPeers.map((row) => [row.name, row.above]), microseconds), 'workerd'],
    ['the same, by the npm package', 5, aboveBase('flagstone-library'), microseconds, 'as above', 'workerd'],
    ['workerd, whole pipeline, CPU above a proxy of one line', 15, aboveBase('flagstone-pipeline'), microseconds, byHand('hand-pipeline'), undefined, aboveBase('proxy-edits')],
    ['the same without a fallback', 15, aboveBase('flagstone-route'), microseconds, byHand('hand-route'), undefined, aboveBase('proxy-edits')],
    ...[['flagstone-wasm', 'core'], ['flagstone-library', 'npm package'], ['flagstone-alone', 'the whole Worker without importers'], ['flagstone-pipeline', "the whole Worker with LaunchDarkly's importer"]].map(([name, what]) => [
      `cold isolate, CPU of the start above an empty one, 1,000 flags, ${what}`, 4000, start(name), milliseconds,
      WORKERS[name].ours ? ofWholeStart : startPeers(['growthbook', 'launchdarkly']), 'start',
    ]),
    ...fastlyRows(1000, 100),
    ...fastlyRows(10_000, 150),
    ["LaunchDarkly's JSON of 1,000 flags to ready, five of them exposed, of its SDK's time", 1 / 3, documentRatio('five'), ratio, `reading the JSON alone: ${ratio(documentRatio('reading'))}`],
    ['the same, all of them exposed, by a node that finds what another has compiled', 1 / 3, documentRatio('kept'), ratio, '–'],
    ['the same, all of them exposed, by the first node of a place', 1 / 3, documentRatio('flagstone'), ratio, `with every key hashed and every flag copied, by hand: ${ratio(documentRatio('least'))}`],
    ["a bucket of LaunchDarkly's in wasm: SHA-1 of 40 bytes, in a loop", 100, node('flagstone-launchdarkly').bucket, nanoseconds, '7,000–9,000 ns (its edge SDK, when the target was set)'],
    ['the Worker without importers, gzip', 130_000, sizes['worker-alone'], bytes, best(workerPeers.map(({ name }) => [name, results.prepare.code[name].gzip]), bytes)],
    ['the core alone, gzip', 25_000, sizes.core, bytes, '–'],
  ];
  const least = [
    ['lines a second through `flagstone eval`, one core', 1e6, lines, perSecond],
    ['evaluations a second, Rust', 20e6, evaluations, perSecond],
  ];
  // What a slower machine takes is no greater multiple of the probe's time than was asked for.
  const isByMultiple = (target, measured, of) => probeNow[of] > PROBE_THEN[of] && measured / probeNow[of] <= target / PROBE_THEN[of];
  // What the platform takes for the least of the work, where that is more than the target.
  const otherwise = (target, format, least) => (least > target ? `no: to change the headers alone takes ${format(least)}` : 'no');
  const isMet = (target, measured, format, of, least) => {
    if (!Number.isFinite(measured)) return '–';
    if (measured <= target) return 'yes';
    return isByMultiple(target, measured, of) ? 'by the multiple' : otherwise(target, format, least);
  };
  return table(['what', 'target', 'measured', 'met', 'the probe, then → now', 'multiple of it, asked → measured', 'best peer in this run, or what else it is seen against'], [
    ...rows.map(([what, target, measured, format, peer, of, least]) => [what, `≤ ${format(target)}`, format(measured), isMet(target, measured, format, of, least), probe(of, format), ofProbe(target, measured, of), peer]),
    ...least.map(([what, target, measured, format]) => [what, `≥ ${format(target)}`, format(measured), measured >= target ? 'yes' : 'no', '–', '–', '–']),
  ]);
}
