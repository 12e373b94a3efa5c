// Runs our Worker in the Workers runtime, for `workerd.rs`, until standard input ends.
//
// Standard input, a JSON value a line: first { folder, bindings, store: [{ key, file }], port, reports, guard, many, limit, mute, cache }, then
// any number of { key, file } to store. With `mute` the Worker's store does not answer, with `cache` a line of the log says what the cache in front of an origin is told. `reports` is the URL that gets what the Worker reports, if anybody is to, `limit` how often a
// client may ask in a minute. `guard` has the variables of a guard, which then gets the reports; with `many` two more Workers share
// all of that and the control document. Standard output, likewise: { url, kv } once it serves, `kv` being where Cloudflare's HTTP interface for its
// store is; { stored: key } for each that was stored.
// What the runtime and the Worker print goes to standard error.

import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Miniflare } from 'miniflare'
import { serve } from './kv.mjs'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')

// Once nobody reads, what we print is lost; we are about to end anyway.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const { folder, bindings, store, port, reports, guard, many, limit, mute, cache } = JSON.parse((await lines.next()).value)
const worker = {
  name: 'flagstone',
  modules: true,
  scriptPath: `${folder}/shim.mjs`,
  modulesRules: [
    { type: 'ESModule', include: ['**/*.js', '**/*.mjs'] },
    { type: 'CompiledWasm', include: ['**/*.wasm'] },
  ],
  compatibilityDate: '2026-04-01', // as in wrangler.toml
  kvNamespaces: ['FLAGS'],
  // Whoever sets the token wants the object.
  durableObjects: bindings.FLAGSTONE_CONTROL_TOKEN ? { CONTROL: { className: 'ControlDocument', useSQLite: true } } : {},
  // All are of one version, as the isolates of a data center.
  bindings: { ...bindings, VERSION: { id: 'one' } },
  queueProducers: { EXPOSURES: 'exposures' },
  ratelimits: limit ? { LIMITER: { namespace_id: '1', simple: { limit, period: 60 } } } : {},
}
// Writes what it takes from the queue into the log.
const exposures = {
  name: 'exposures',
  modules: true,
  compatibilityDate: worker.compatibilityDate,
  queueConsumers: { exposures: { maxBatchTimeout: 0 } },
  script: 'export default { queue: ({ messages }) => messages.forEach(({ body }) => console.log(JSON.stringify(body))) }',
}
// Stands where the guard does, and passes on what that is sent.
const listener = {
  name: 'guard',
  modules: true,
  compatibilityDate: worker.compatibilityDate,
  bindings: { REPORTS: reports },
  durableObjects: { GUARD: 'Guard' },
  script: `
    export class Guard {
      constructor(state, env) { this.env = env }
      fetch(request) { return fetch(this.env.REPORTS, request) }
    }
    export default { fetch: () => new Response(null, { status: 404 }) }`,
}
const workers = [worker, exposures]
if (mute) {
  // The one that tests write into stays, under another name.
  worker.kvNamespaces = { FLAGS_HELD: 'FLAGS' }
  worker.serviceBindings = { FLAGS: { name: 'mute', entrypoint: 'Store' } }
  workers.push({
    name: 'mute',
    modules: true,
    compatibilityDate: worker.compatibilityDate,
    script: `
      import { WorkerEntrypoint } from 'cloudflare:workers'
      export class Store extends WorkerEntrypoint {
        get() { return new Promise((resolve) => setTimeout(resolve, 60_000, null)) }
      }
      export default { fetch: () => new Response(null, { status: 404 }) }`,
  })
}
if (cache) {
  worker.outboundService = 'cache'
  workers.push({
    name: 'cache',
    modules: true,
    compatibilityDate: worker.compatibilityDate,
    script: `
      export default {
        fetch(request) {
          console.log('cache', JSON.stringify(request.cf ?? {}))
          return fetch(request)
        }
      }`,
  })
}
if (reports || guard) worker.durableObjects.GUARD = { className: 'Guard', scriptName: 'guard' }
if (reports) workers.push(listener)
const CONTROL = { className: 'ControlDocument', scriptName: 'flagstone' }
const names = many ? ['flagstone', 'second', 'third'] : ['flagstone']
for (const name of names.slice(1)) workers.push({ ...worker, name, durableObjects: { ...worker.durableObjects, CONTROL } })
if (guard) {
  workers.push({
    ...worker,
    name: 'guard',
    modulesRoot: '.',
    scriptPath: 'tests/src/hosts/guard.mjs',
    durableObjects: { GUARD: { className: 'Guard', useSQLite: true }, CONTROL },
    bindings: guard,
  })
}
if (guard || many) {
  if (guard) names.push('guard')
  // The first to be asked: it passes on to the Worker of a name.
  workers.unshift({
    name: 'front',
    modules: true,
    compatibilityDate: worker.compatibilityDate,
    serviceBindings: Object.fromEntries(names.map((name) => [name, name])),
    script: `
      export default {
        async fetch(request, env) {
          const worker = env[request.headers.get('x-worker') ?? 'flagstone']
          if (new URL(request.url).pathname !== '/test/cron') return worker.fetch(request)
          return Response.json(await worker.scheduled({ scheduledTime: new Date(), cron: '* * * * *' }))
        }
      }`,
  })
}
const miniflare = new Miniflare({
  host: '127.0.0.1',
  port,
  cf: {}, // without it, Miniflare asks the network where we are
  handleRuntimeStdio(stdout, stderr) {
    stdout.pipe(process.stderr)
    stderr.pipe(process.stderr)
  },
  workers,
})

try {
  const url = await miniflare.ready
  const namespace = await miniflare.getKVNamespace(mute ? 'FLAGS_HELD' : 'FLAGS', worker.name)
  const put = async ({ key, file }) => namespace.put(key, await readFile(file))
  await Promise.all(store.map(put))
  say({ url: url.origin, kv: await serve(namespace) })
  for await (const line of lines) {
    const entry = JSON.parse(line)
    await put(entry)
    say({ stored: entry.key })
  }
} finally {
  await miniflare.dispose()
}
