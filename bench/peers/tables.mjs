// The tables of docs/benchmarks.md, from OUT/results.
//
// usage: node tables.mjs OUT > tables
// The results are those of `main.mjs`, and of `cargo xtask bench` itself: `documents.json` and `sizes.json`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { targets } from './targets.mjs';
import { ENGINES } from './engines.mjs';
import { QUIET } from './measure/quiet.mjs';
import { median } from './measure/rounds.mjs';
import { SERVICES } from './services.mjs';
import { WORKERS } from './workers.mjs';
import { KINDS } from './workload/model.mjs';
import { bytes, geometricMean, microseconds, milliseconds, nanoseconds, ratio, table } from './format.mjs';

const out = process.argv[2];
const read = (phase) => JSON.parse(fs.readFileSync(path.join(out, 'results', `${phase}.json`), 'utf8'));
const results = Object.fromEntries(['prepare', 'native', 'engines', 'workers', 'starts', 'fastly', 'eval'].map((phase) => [phase, read(phase).result]));
const { plan, rounds, node } = read('engines');
const loads = ['native', 'engines', 'workers', 'starts', 'fastly'].map((phase) => read(phase).load).filter(Number.isFinite);
const documents = read('documents');
const sizes = read('sizes');
const flagCounts = Object.keys(results.prepare.snapshots).map(Number);
const count = (flags) => flags.toLocaleString('en');

const nativeEngines = Object.keys(ENGINES);
const nativeAt = (engine, flags) => results.native.find((row) => row.engine === engine && row.flags === flags)?.results ?? {};
const nodeEngines = [...new Set(results.engines.map(({ adapter }) => adapter))];
const nodeAt = (adapter, flags) => results.engines.find((row) => row.adapter === adapter && row.flags === flags) ?? {};
const nodeName = (adapter) => {
  const { name } = results.engines.find((row) => row.adapter === adapter);
  if (adapter.startsWith('flagstone')) return `**F${name.slice(1)}**`;
  return /^(probe|hand-written)/.test(adapter) ? `*${name}*` : name;
};

function oneFlag() {
  const rows = [
    ...nativeEngines.filter((engine) => engine !== 'flagstone-copied').map((engine) => [`${ENGINES[engine]}, Rust`, KINDS.map((kind) => nativeAt(engine, 1000)[`one.${kind}.ns`])]),
    ...nodeEngines.map((adapter) => [`${nodeName(adapter)}, JavaScript`, KINDS.map((kind) => nodeAt(adapter, 1000).one?.[kind])]),
  ];
  return table(['engine, caller', 'switch', 'rollout', 'rule of three', 'segment', 'geometric mean'], rows.map(([name, times]) => [name, ...[...times, geometricMean(times)].map(nanoseconds)]));
}

const perCount = (title, nativeCell, nodeCell) => table([title, ...flagCounts.map((flags) => `${count(flags)} flags`)], [
  ...nativeEngines.map((engine) => [`${ENGINES[engine]}, Rust`, ...flagCounts.map((flags) => nativeCell(nativeAt(engine, flags)))]),
  ...nodeEngines.filter((adapter) => adapter !== 'flagstone-launchdarkly').map((adapter) => [`${nodeName(adapter)}, JavaScript`, ...flagCounts.map((flags) => nodeCell(nodeAt(adapter, flags)))]),
]);

function snapshots() {
  const names = Object.keys(results.prepare.snapshots[flagCounts[0]]).sort((a, b) => {
    const raw = (name) => results.prepare.snapshots[1000][name].raw;
    return raw(a) - raw(b);
  });
  const label = (name) => ({ 'flagstone.snapshot': '**Flagstone**', 'probe.bin': '*probe*', 'neutral.json': '*the workload itself*' })[name] ?? path.basename(name, '.json');
  return table(['format', ...flagCounts.map((flags) => `${count(flags)} flags`)], names.map((name) => [
    label(name), ...flagCounts.map((flags) => {
      const { raw, gzip } = results.prepare.snapshots[flags][name];
      return `${bytes(raw)} / ${bytes(gzip)}`;
    }),
  ]));
}

function workers() {
  return table(['Worker', 'CPU, 32 connections', 'above *empty*', 'above *proxy*', 'memory', 'code, gzip'], results.workers.map((worker) => {
    const { name, isProxy } = WORKERS[worker.name];
    const above = microseconds(worker.above);
    return [name, microseconds(worker.cpu), isProxy ? '' : above, isProxy ? above : '', bytes(worker.memory), bytes(results.prepare.code[worker.name].gzip)];
  }));
}

function starts() {
  return table(['Worker', 'thread of the Worker', 'above *empty*', 'all threads', 'above *empty*'], results.starts.map((row) => [
    WORKERS[row.name].name, ...[row.own, row.aboveOwn, row.all, row.aboveAll].map(milliseconds),
  ]));
}

function fastly() {
  const counts = [...new Set(results.fastly.map(({ flags }) => flags))];
  return table(['service', ...counts.flatMap((flags) => [`${count(flags)} flags`, 'above its base'])], Object.entries(SERVICES).map(([service, { name, above }]) => [
    name, ...counts.flatMap((flags) => {
      const row = results.fastly.find((row) => row.name === service && row.flags === flags);
      return [microseconds(row.cpu), above ? microseconds(row.above) : ''];
    }),
  ]));
}

function document() {
  const time = ({ own, all }) => `${(own).toFixed(1)} (${all.toFixed(1)})`;
  const programs = [['five', 'ours, five flags exposed'], ['flagstone', 'ours, all flags exposed'], ['kept', 'ours, the same, compiled by another node of the place'], ['lowering', '*ours, makes a model of all flags and writes nothing*'], ['least', '*ours, reads the JSON, hashes keys and copies what flags say, by hand*'], ['reading', '*ours, reads the JSON and does nothing*'], ['launchdarkly', "LaunchDarkly's edge SDK"], ['parsing', '*`JSON.parse` of the text, and nothing else*']];
  return table(['flags', 'document', 'program', 'first', 'warm', "of LaunchDarkly's, warm"], documents.results.flatMap((row) => programs.filter(([of]) => row[of]).map(([of, name]) => [
    count(row.flags), bytes(row.bytes), name, time(row[of].first), time(row[of].warm), ratio(row[of].warm.own / row.launchdarkly.warm.own),
  ])));
}

const PHASES = { native: 'engines in Rust', engines: 'engines in JavaScript', workers: 'Workers', starts: 'starts of Workers', fastly: 'Fastly Compute', documents: 'a LaunchDarkly document', eval: '`flagstone eval`' };
const machines = Object.entries(PHASES).map(([phase, name]) => ({ name, ...read(phase).machine }));
const leastRead = Math.min(...machines.map(({ least }) => least));

/** What the machine was like in each phase. */
function machine() {
  return table(['measured', 'day', 'a read before turns, median', 'turns', 'of them, not quiet', 'waited'], machines.map(({ name, day, reads, waited }) => [
    name, day, nanoseconds(median(reads)), reads.length, reads.filter((time) => time > QUIET * leastRead).length, `${waited.toFixed(1)} min`,
  ]));
}

function primitives() {
  const { results: times } = results.native.find(({ engine, flags }) => engine === 'primitives' && flags === 1000);
  return table(['what', 'time'], Object.entries(times).map(([name, time]) => [name.slice(0, -3), nanoseconds(time)]));
}

const versions = results.engines.filter(({ package: from }, index, rows) => from && rows.findIndex((row) => row.package === from) === index).map(({ package: from }) => {
  const file = path.join(import.meta.dirname, 'node_modules', from, 'package.json');
  return fs.existsSync(file) ? `${from} ${JSON.parse(fs.readFileSync(file, 'utf8')).version}` : undefined;
}).filter(Boolean);

const documentVersions = Object.entries(documents.versions).map(([of, version]) => `${of} ${version}`);

console.log(`With ${plan === 'full' ? '`--full`' : 'the small set of peers'}, load average ${Math.max(...loads).toFixed(0)}. Node ${node}; ${[...documentVersions, ...versions].join(', ')}; for Rust, the versions of
\`bench/peers/crates/Cargo.toml\`.

${Math.max(...loads) > os.cpus().length ? 'More was to be done at times than there are cores for: times are upper bounds, most of all those in JavaScript and workerd, and small\ndifferences mean nothing.\n\n' : ''}The workload: of ten flags four are switches, three percentage rollouts, two rules of three clauses (one of 12 countries, a version, the
ending of an email address) with a rollout, and one asks for a segment of 1,000 keys, of which there is one for each 100 flags. It is
translated to each service's own format. Every engine's answers are compared with the workload before anything is measured. *In italics*: not
a product, but what the others are seen against. The probe is the least work that answers the workload, without reasons, variants and exact keys.

Engines take turns, in ${rounds} rounds; other numbers of flags than 1,000 and 10,000 have one, and so have the peers in JavaScript that are not of the small
set. Of the rounds, and of the small batches of each, figures are the lower quartile, because other work on the machine only adds. In Rust time
is CPU of the thread, in JavaScript of the wall.

Users are prepared before the clock starts, and each eighth evaluation is for another one; no engine sends events. In Rust, ours and the probe keep
what they have once found out about a user. *By index* and *by key*, of ours and of the probe, nothing is prepared: a user's texts cross into the wasm
within the clock. They cross a border that was made for this benchmark; what one installs is the npm package.

## Targets

The targets were set on another machine, and machines are compared by what the probe took there and takes in this run. A target is met if the figure
itself is; *by the multiple* where the probe takes longer here than there, and the figure is no greater multiple of it than was asked for.

${targets(results, documents, sizes)}

## One flag

By its key, of 1,000 flags; *by index* has a Map that gives the number of a key. LaunchDarkly's call from JavaScript is asynchronous.

${oneFlag()}

## All flags of a user

*By index* and *by key* make the same call here, and how far they are apart is what the run cannot tell. It gives how many are on: the answers stay in
the wasm. The npm package gives all of them.

${perCount('engine, caller', (row) => microseconds(row['all.ns'] / 1e3), (row) => microseconds(row.all / 1e3))}

## From bytes in hand to the first evaluation

Again and again in one process, until an engine can be asked. Ours opens the bytes and compares them with their digest: in Rust where they lie, and a row with a
copy, and it evaluates a flag besides; from JavaScript copied into the memory of a new instance of the wasm, which has been compiled. The probe copies them and checks
every reference. LaunchDarkly's SDK for JavaScript reads a file, Split's asks a server on loopback.

${perCount('engine, caller', (row) => microseconds(row['load.warm.ns'] / 1e3), (row) => microseconds(row.warm / 1e3))}

## Memory

What stays in use after loading; of bytes that are read where they lie, these. wasm's memory grows by 64 KB; that of Flipt, where its
flags are, is not to be had, so that its row says only what lies outside of it.

${perCount('engine, caller', (row) => bytes(row['memory.bytes']), (row) => bytes(row.memory))}

## Bytes

As they are stored, and compressed (gzip -9). Random keys of segments are most of them. Of Statsig's forms the first is for clients at the edge, the second
for servers.

${snapshots()}

## Workers

In workerd, 1,000 flags: four request headers are read, five flags decided, a header set. CPU of a request is that of the whole process, memory what
the process has in the end. Each round has a process of its own for every Worker; those far from ours have a third of the rounds. A Worker that answers fewer than
32 requests a second gets as many connections as it answers.

*Kept* is kept in a global, also where the service's own helper does not; then no Worker waits for a promise, unless the service's own call gives one. Our own Worker stands in front of an origin, a Worker in the same process, so its
cost is above a proxy of one line; it reads a [cut](platforms.md#cuts) of the 1,000 flags, and so does what is by hand; the others read the document of all of them.
*Proxy that changes as many headers* decides nothing. *By hand* is JavaScript
for this one configuration, with the same effect on visitor and origin, but without breakers, latencies and newer configurations; it tells no prefetch or bot from
a visitor, and leaves the origin's headers for a CDN's cache as they are. *Empty*
is the mean of the three empty Workers, which do the same for a request: how far they are apart is what the run cannot tell. *Proxy* is the mean of two likewise.

${workers()}

## Starts of Workers

CPU from the start of a workerd process until it has answered its first request and all of its threads rest, with 1,000 flags: code that is compiled, the
document that is read and opened. Our own Worker and what is by hand read a cut, what else decides the document of all flags. Each is started in turn;
*above empty* is the difference within a round, of which the middle half counts. The thread of the Worker is what a platform counts; the others
compile and optimize besides. *Empty, with the wasm* has the wasm uploaded and calls nothing of it. The core's wasm is without what only
flags of services need. The runtime's configuration is compiled beforehand, so that it parses no text of it.

${starts()}

## Fastly Compute

In Viceroy, CPU of a request. One thread carries requests out; Viceroy's other threads, of which one counts time, be there requests or not, are left out.

Ours keeps its instance for further requests, in Viceroy five, and reads a [cut](platforms.md#cuts), which is published beside all flags; one row has ours read all of
them. Our service asks an origin, so its cost is above a service that reads the headers, asks the origin and keeps its instance, too. That one is there twice, and their mean
is the base: how far the two are apart is what the run cannot tell. *By hand* does likewise, with the same effect for this one configuration, and a cut of its own.

The others, the probe too, have a fresh instance for each request, in which they read all of their flags, and ask no origin: their cost is above a service that only reads the headers.

${fastly()}

## A LaunchDarkly document, until it can be evaluated

In workerd, milliseconds of CPU: ours copies the bytes into the wasm's memory and compiles what requests can ask for to a snapshot;
LaunchDarkly's edge SDK decodes and parses the bytes, prepares its own form and decides a flag. "First" is the first time in a fresh isolate, "warm" the
mean of several after it; the least of ${documents.rounds} rounds. That is the CPU of the thread that runs the Worker, which is what a platform counts; in brackets
that of all threads, which also compile the code that runs and collect garbage.

${document()}

## Primitives

${primitives()}

## The machine meanwhile

What runs beside this machine on the same hardware, in other virtual machines, can take its caches and its memory's time: no load average shows that, but how long a
read does that misses the caches of a core itself, in 4 MiB. The machine is quiet while it takes no more than ${QUIET} times the least that was ever seen on it, here ${nanoseconds(leastRead)}. A
turn begins when it is quiet, or when its phase has waited in vain for as long as it may; turns that began otherwise are counted here.

${machine()}`);
