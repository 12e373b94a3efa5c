// Runs an example behind an edge until Ctrl-C; `cargo xtask example` calls it when everything is built.
//
//     node run.mjs plain|react [--fastly] [--port N]

import { parseArgs } from 'node:util'
import { edges, origin } from './edges.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fastly: { type: 'boolean' }, port: { type: 'string', default: '0' } },
})
const [name] = positionals
const { default: answer } = await import(`./${name}/server.mjs`)
const { url } = await origin(answer)
const running = edges()
const start = running.start({
  host: values.fastly ? 'viceroy' : 'workerd',
  file: 'examples/shop/flagstone.toml',
  environment: 'development',
  // One server for both: here the page differs by flags, not by where it comes from.
  origins: { stable: url, canary: url, 'cart-v2': url, search: url },
  port: Number(values.port),
})
// A port that is taken, for example: what is wrong is in the message.
const edge = await start.catch(({ message }) => {
  console.error(`error: ${message}`)
  process.exit(1)
})
const { port } = new URL(edge)
// Browsers take `Secure` cookies without TLS from hosts of this name.
console.log(`examples/${name} behind ${values.fastly ? 'Viceroy' : 'workerd'}: http://localhost:${port}/`)
console.log(`  half of the visitors have the new checkout; a private window is another visitor`)
console.log(`  origin without the edge: ${url}/`)
console.log('Ctrl-C ends it.')
process.once('SIGINT', async () => {
  await running.end()
  process.exit()
})
