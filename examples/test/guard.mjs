// A guard of its own for the tests of its health page, with rollouts in every state, and nodes that report.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const flagstone = fileURLToPath(new URL('../../target/debug/flagstone', import.meta.url))
export const TOKEN = 'correct horse battery staple'

const plan = (
  key,
  stages = '[{ share = 5, dwell = "1h" }, { share = 25, dwell = "1h" }, { share = 50, dwell = "1h" }]',
) => `
[flags.${key}]
variants = { control = "control", treatment = "treatment" }
default = "control"
rollout = { treatment = "plan" }
[flags.${key}.plan]
stages = ${stages}
goals = ["bought"]
[[routes]]
path = "/${key}/*"
flag = "${key}"
variants.treatment = { origin = "canary" }
`
const SHOP = `
${['new-checkout', 'vector-search', 'photo-reviews', 'fast-cart'].map((key) => plan(key)).join('')}
${plan('gift-cards', '[{ share = 1, dwell = "1h" }, { share = 10, dwell = "1h" }]')}
[flags.banner]
variants = { none = "", winter = "Winter sale", members = "Free shipping" }
default = "none"
[[flags.banner.rules]]
rollout = { winter = 40, members = 20 }
[[routes]]
path = "/banner"
flag = "banner"
variants.winter = { origin = "canary" }
[flags.maintenance]
expires = 2026-01-31
enabled = false
serve = "on"
[goals.bought]
event = "order-paid"
[origins]
canary = { fallback = "stable" }
`

/** Starts it; `ended` takes it away. */
export async function guard() {
  const folder = mkdtempSync(join(tmpdir(), 'flagstone-health-'))
  const write = (name, text) => writeFileSync(join(folder, name), text)
  const run = async (...words) => (await promisify(execFile)(flagstone, words, { cwd: folder })).stdout
  const STORES = ['--control', 'control.json', '--snapshot', 'shop.snapshot']
  const change = (command, flag, ...more) => run(command, flag, ...STORES, '--who', 'ada', '--why', 'a test', ...more)
  write('shop.toml', SHOP)
  write('token', TOKEN)
  await run('compile', 'shop.toml', '-o', 'shop.snapshot', '--control', 'control.json')
  for (const flag of ['new-checkout', 'vector-search', 'photo-reviews', 'fast-cart'])
    await change('advance', flag, '--begin')
  const child = spawn(
    flagstone,
    ['guard', ...STORES, '--state', 'state', '--token', 'token', '--listen', '127.0.0.1:0'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const lines = createInterface({ input: child.stderr })
  const url = await new Promise((resolve) => {
    lines.on('line', (line) => {
      const found = /listening on (\S+)/.exec(line)
      if (found) resolve(found[1])
      else console.error(`guard: ${line}`)
    })
  })
  const ask = (path, options = {}) =>
    fetch(url + path, { ...options, headers: { authorization: `Bearer ${TOKEN}`, ...options.headers } })
  let sequence = 0
  return {
    url,
    ask,
    change,
    control: () => JSON.parse(readFileSync(join(folder, 'control.json'), 'utf8')),
    audit: () => readFileSync(join(folder, 'control.json.audit'), 'utf8').trim().split('\n').map(JSON.parse),
    health: async () => (await ask('/_flagstone/health.json')).json(),
    /**
     * Lets a node report: of a flag, by variant, requests, failures among them, milliseconds until most answers, and the part
     * of the visitors, two requests each, who have bought.
     */
    async report({ instance = 'a1', revision = 1, flag, stage = 0, ...variants }) {
      const health = await this.health()
      const { rollout } = health.flags.find(({ key }) => key === flag)
      const interval = Math.floor(Date.now() / 10_000)
      const common = { instance: instance.padStart(16, '0'), interval, flag, stage }
      const text = []
      const arms = {}
      for (const [variant, [requests, failed, ms, bought = 0]] of Object.entries(variants)) {
        const visitors = Math.ceil(requests / 2)
        const latency = spread(requests - failed, ms)
        const row = {
          flagstone: 'tally',
          sequence: sequence++,
          ...common,
          revision,
          variant,
          route: `/${flag}/*`,
          requests,
          errors: failed,
          exposures: requests,
          latency,
        }
        text.push(JSON.stringify(row))
        arms[variant === 'control' ? 'control' : 'canary'] = {
          fetches: requests,
          hard_requests: failed,
          hard: failed,
          first_exposures: visitors,
          goal_exposed: visitors,
          goal_hits: [Math.round(visitors * bought), 0, 0, 0],
          latency,
        }
      }
      if (rollout?.rollout)
        text.push(
          JSON.stringify({ flagstone: 'report', sequence: sequence++, ...common, rollout: rollout.rollout, ...arms }),
        )
      const answer = await ask('/lines', { method: 'POST', body: text.join('\n') })
      assert.equal(answer.status, 200)
    },
    /** Rollouts that have ended, wait and go on, and nodes of two revisions. */
    async everything() {
      await change('advance', 'photo-reviews', '--force')
      await change('pause', 'photo-reviews')
      for (let step = 0; step < 3; step++) await change('advance', 'fast-cart', '--force')
      await this.report({ flag: 'vector-search', control: [950, 2, 90, 0.2], treatment: [50, 19, 480, 0.04], instance: 'c3' })
      for (const instance of ['a1', 'b2', 'c3']) {
        await this.report({
          flag: 'new-checkout',
          control: [1900, 4, 110, 0.12],
          treatment: [100, 0, 96, 0.14],
          instance,
          revision: 7,
        })
        await this.report({
          flag: 'photo-reviews',
          stage: 1,
          control: [420, 3, 60, 0.31],
          treatment: [140, 1, 64, 0.3],
          instance,
          revision: 7,
        })
        await this.report({
          flag: 'banner',
          none: [400, 0, 30],
          winter: [390, 4, 33],
          members: [210, 0, 31],
          instance: `d4${instance}`,
          revision: 1,
        })
      }
      await this.report({ flag: 'fast-cart', treatment: [800, 1, 40], revision: 7 })
      await change('kill', 'gift-cards')
    },
    /** Publishes a snapshot in which every plan has these stages. */
    async publish(stages) {
      write('shop.toml', SHOP.replaceAll(/^stages = .*$/gm, `stages = ${stages}`))
      await run('compile', 'shop.toml', '-o', 'shop.snapshot', '--control', 'control.json')
    },
    async ended() {
      child.kill()
      rmSync(folder, { recursive: true })
    },
  }
}

/** So many latencies about so many milliseconds, as the histogram has them. */
function spread(count, ms) {
  const bucket = (ms) =>
    ms < 8 ? ms : 8 * (Math.floor(Math.log2(ms)) - 2) + ((ms >> (Math.floor(Math.log2(ms)) - 3)) & 7)
  const counts = {}
  for (const [part, factor] of [
    [0.3, 0.8],
    [0.45, 1],
    [0.17, 1.3],
    [0.08, 2.2],
  ]) {
    const some = Math.round(part * count)
    if (some > 0) counts[bucket(Math.round(ms * factor))] = some
  }
  return counts
}
