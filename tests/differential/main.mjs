// Random definitions and contexts, decided by a flag service's own SDK.
//
//   node main.mjs SERVICE --seed N --documents D --cases C --out DIR [--stats]
//   node main.mjs SERVICE --check-recorded DIR

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'

import { atEdge } from './edge.mjs'
import { write } from './json.mjs'
import { Notes } from './notes.mjs'
import { Random } from './random.mjs'

const services = ['launchdarkly', 'split', 'unleash', 'flagd', 'growthbook']

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    documents: { type: 'string', default: '10' },
    cases: { type: 'string', default: '500' },
    out: { type: 'string' },
    stats: { type: 'boolean' },
    'check-recorded': { type: 'string' },
  },
})
const [name] = positionals
if (positionals.length !== 1 || !services.includes(name)) {
  console.error(`usage: node main.mjs ${services.join('|')} --seed N --documents D --cases C --out DIR [--stats]`)
  process.exit(2)
}

// What is said by an SDK about what it is given is no news here.
console.error = console.warn = console.info = console.debug = () => {}
// No result may depend on where this runs.
process.env.TZ = 'UTC'
const service = await import(`./${name}.mjs`)

if (options['check-recorded']) await checkRecorded(options['check-recorded'])
else await generate()
// An SDK may have left a timer.
process.exit()

async function generate() {
  const notes = new Notes(service.outcome)
  const total = Number(options.documents)
  if (options.out) mkdirSync(options.out, { recursive: true })
  for (let i = 0; i < total; i++) {
    const random = new Random(`${name}/${options.seed}/${i}`)
    notes.document()
    const { definitions, request: draw, unsupported } = service.generate(random, notes)
    const text = write(definitions, random)
    const opened = await service.open(JSON.parse(text), text)
    const plain = JSON.parse(text)
    const asked = []
    const edge = []
    const expected = []
    while (asked.length < Number(options.cases)) {
      const line = write(draw(), random)
      const request = JSON.parse(line)
      let expect
      try {
        expect = await opened.evaluate(request)
      } catch (error) {
        // What the SDK throws at is undefined; that we answer at all is still to be seen.
        expect = { throws: String(error) }
      }
      if (expect === undefined) continue
      notes.case(request.flag, expect)
      asked.push(line)
      edge.push(JSON.stringify(atEdge(name, request, plain) ?? null))
      expected.push(`${line.slice(0, -1)},"expect":${JSON.stringify(expect)}}`)
    }
    opened.close?.()
    if (!options.out) continue
    const file = (suffix, content) => writeFileSync(join(options.out, `${i}.${suffix}`), content)
    file('definitions.json', text)
    file('requests.ndjson', asked.map((line) => `${line}\n`).join(''))
    file('edge.ndjson', edge.map((line) => `${line}\n`).join(''))
    file('expected.ndjson', expected.map((line) => `${line}\n`).join(''))
    if (unsupported.length > 0) file('unsupported.json', JSON.stringify(unsupported))
  }
  if (options.stats) console.log(notes.table())
}

/** Whether this evaluation gives what was recorded once, by hand, from the same SDK. */
async function checkRecorded(folder) {
  const read = (file) => readFileSync(join(folder, file), 'utf8')
  const text = read('oracle-definitions.json')
  const suite = JSON.parse(read('oracle-cases.json'))
  const { evaluate } = await service.open(JSON.parse(text), text)
  let differences = 0
  for (const recorded of suite.cases) {
    const request = service.recorded(suite, recorded)
    const got = JSON.parse(JSON.stringify(await evaluate(request, true)))
    if (isDeepStrictEqual(got, recorded.expect)) continue
    differences++
    if (differences <= 5) console.log(JSON.stringify({ ...request, expect: recorded.expect, got }))
  }
  console.log(`${name}: ${suite.cases.length} recorded cases, ${differences} differences`)
  if (differences > 0) process.exit(1)
}
