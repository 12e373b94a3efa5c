// The health page: asks for the JSON every two seconds and shows it. What can be operated keeps its place and focus; what
// only shows is drawn anew.

import { buttons } from './actions.mjs'
import { course, gauge, intervals, percent, shares, stairs } from './charts.mjs'
import { below, find, keyed, make } from './elements.mjs'
import { ago, clock, count, day, plural, REASONS, STALE, STATES } from './words.mjs'

const PERIOD = 2_000

/** The colour of a variant: its side of the rollout, else by its place. */
function kind(flag, variant, index) {
  if (flag.rollout?.variant === variant) return 'canary'
  if (flag.default === variant) return 'control'
  return `other-${index % 4}`
}

// ------------------------------------------------------------------------------------------------------------- Sections

function tiles({ flags, nodes, revision }) {
  const rollouts = flags.filter(({ rollout }) => rollout?.state)
  const phases = rollouts.map(phase)
  const of = (...wanted) => phases.filter((phase) => wanted.includes(phase)).length
  const killed = flags.filter(({ kill }) => kill !== null).length
  const stale = flags.filter(({ stale }) => stale !== null).length
  const all = nodes.reduce((sum, { count }) => sum + count, 0)
  const current = nodes.find((of) => of.revision === revision)?.count ?? 0
  const bad = of('rolled-back', 'stopped')
  const tile = (name, value, more, tone = '') =>
    make(
      'div',
      { class: `tile ${tone}` },
      make('span', { class: 'name', text: name }),
      make('strong', { text: value }),
      make('span', { class: 'more', text: more }),
    )
  return [
    tile(
      'Rollouts',
      of('running') + of('held', 'paused'),
      [`${of('running')} running`, `${of('held', 'paused')} holding`].join(', '),
      of('held', 'paused') ? 'wait' : '',
    ),
    tile('Ended', of('complete') + bad, `${of('complete')} complete, ${bad} rolled back`, bad ? 'bad' : 'good'),
    tile('Killed', killed, `of ${plural(flags.length, 'flag')}`, killed ? 'bad' : ''),
    tile(
      'Nodes',
      all,
      all === 0
        ? 'none has reported yet'
        : current === all
          ? `all on revision ${revision}`
          : `${current} on revision ${revision}`,
      all > 0 && current < all ? 'wait' : '',
    ),
    tile('Stale', stale, stale ? 'may be removed' : 'every flag is in use', stale ? 'wait' : ''),
  ]
}

const staleness = ({ stale, expires }) => (stale === 'expired' ? `expired ${expires}` : stale)

function phase({ kill, rollout }) {
  if (kill !== null) return 'killed'
  if (rollout?.state === 'paused') return 'paused'
  return rollout?.guard?.phase ?? rollout?.state ?? 'pending'
}

/** What is going on, in a sentence. */
function sentence(flag, at) {
  const { kill, rollout } = flag
  const { guard, grows, stages, stage, state, since_ms } = rollout
  if (kill !== null) return `Killed: everybody gets ${kill}.`
  if (!state) return 'It has a plan, and has not begun.'
  if (state === 'rolled-back') return `Rolled back ${ago(at - since_ms)} ago: nobody is in any more.`
  if (state === 'complete') return `Everybody has it, since ${ago(at - since_ms)}.`
  if (!stages[stage]) return `Its plan has no stage ${stage + 1} any more: nobody is in.`
  if (guard?.reason) return REASONS[guard.reason] ?? guard.reason
  if (state === 'paused') return REASONS.manual
  if (!guard) return 'No guard leads it.'
  if (grows.from_ms) return `No harm to be seen. The next step may come in ${ago(grows.from_ms - at)}.`
  return grows.now ? 'No harm to be seen.' : `${grows.why}.`
}

function figures(flag) {
  const { guard, stages, stage, state } = flag.rollout
  const seen = flag.variants
    .map((variant, index) => ({ ...variant, kind: kind(flag, variant.key, index) }))
    .filter(({ requests }) => requests > 0)
  const arms =
    guard &&
    [
      { name: 'canary', kind: 'canary', ...guard.fetches.canary },
      { name: 'stable', kind: 'control', ...guard.fetches.control },
    ].filter(({ of }) => of > 0)
  const goals = (guard?.goals ?? []).map(({ name, control, canary }) => {
    const arms = [
      { name: 'canary', kind: 'canary', ...canary },
      { name: 'stable', kind: 'control', ...control },
    ]
    const exposed = arms.filter(({ of }) => of > 0).map((arm) => ({ ...arm, value: arm.rate }))
    return exposed.length ? intervals(`Visitors who reach ${name}`, exposed, percent, 0.02) : undefined
  })
  const rows = (pick) => seen.map((variant) => ({ name: variant.key, kind: variant.kind, ...pick(variant) }))
  const timed = seen.filter(({ latency }) => latency)
  const ms = (value) => `${count(Math.round(value))} ms`
  const quantile = (name) =>
    timed.map(({ key, kind, latency }) => ({
      name: key,
      kind,
      value: latency[name].ms,
      low: latency[name].low,
      high: latency[name].high,
    }))
  const evidence = guard && Math.max(guard.evidence, 0.001)
  const isOver = ['complete', 'rolled-back'].includes(state)
  return [
    stairs(stages, stage, state),
    make(
      'div',
      { class: 'gauges' },
      guard &&
        gauge(
          'Evidence against it',
          (Math.log10(evidence) + 2) / 4,
          evidence >= 100 ? 'over 100' : `${evidence < 10 ? evidence.toPrecision(2) : Math.round(evidence)} of 100`,
          evidence >= 100 ? 'bad' : evidence >= 5 ? 'wait' : 'good',
        ),
      guard?.prospect && !isOver
        ? gauge(
            'Worst cost of the next step',
            guard.prospect.cost / guard.prospect.budget,
            `${count(Math.round(Math.min(guard.prospect.cost, 1e9)))} of ${guard.prospect.budget} visitors`,
            guard.prospect.advance ? 'good' : 'wait',
          )
        : undefined,
    ),
    seen.length
      ? course(seen.map(({ key, kind, series }) => ({ name: key, kind, ...series })))
      : make('p', { class: 'quiet', text: 'No node has reported it yet.' }),
    make(
      'div',
      { class: 'grid' },
      seen.length
        ? intervals(
            'Failures of the origin',
            rows(({ failures: { rate, low, high } }) => ({ value: rate, low, high })),
            percent,
            0.02,
          )
        : undefined,
      seen.length
        ? intervals(
            'Failures that visitors saw',
            rows(({ errors: { rate, low, high } }) => ({ value: rate, low, high })),
            percent,
            0.02,
          )
        : undefined,
      ...goals,
      timed.length ? intervals('Latency, p50', quantile('p50'), ms) : undefined,
      timed.length ? intervals('Latency, p95', quantile('p95'), ms) : undefined,
    ),
    arms?.length
      ? make('p', {
          class: 'quiet',
          text: `This stage: ${arms.map(({ name, count: failed, of }) => `${name} ${count(failed)} failures in ${plural(of, 'request')}`).join(', ')}.`,
        })
      : undefined,
  ].filter((part) => part !== undefined)
}

function card(flag) {
  const badge = make('span', { class: 'badge' })
  const share = make('strong', { class: 'share' })
  const words = make('p', { class: 'sentence' })
  const body = make('div', { class: 'figures' })
  const legend = make('p', { class: 'legend' })
  const actions = buttons(flag)
  const title = make('h3', { text: flag.key })
  const element = make(
    'article',
    { class: 'card' },
    make('div', { class: 'top' }, make('div', {}, title, legend), make('div', { class: 'state' }, share, badge)),
    words,
    body,
    actions,
  )
  element.update = (flag) => {
    const now = phase(flag)
    const { stages, stage, state } = flag.rollout
    element.className = `card is-${now}`
    badge.textContent = STATES[now] ?? now
    badge.className = `badge is-${now}`
    share.textContent =
      now === 'killed' || state === 'rolled-back'
        ? '0 %'
        : state === 'complete'
          ? '100 %'
          : state
            ? percent(stages[stage]?.share ?? 0)
            : ''
    words.textContent = sentence(flag, health.at_ms)
    legend.replaceChildren(
      ...flag.variants.map(({ key }, index) => make('span', { class: `key ${kind(flag, key, index)}`, text: key })),
    )
    body.replaceChildren(...figures(flag))
    actions.update(flag)
  }
  return element
}

function row(flag) {
  const name = make('div', { class: 'flag' })
  const shown = make('div', { class: 'variants' })
  const seen = make('div', { class: 'seen' })
  const actions = buttons(flag)
  const element = make('div', { class: 'row', role: 'listitem' }, name, shown, seen, actions)
  element.update = (flag) => {
    const parts = flag.variants
      .map(({ key, share, failures, latency }, index) => ({
        name: key,
        kind: kind(flag, key, index),
        share,
        failures,
        latency,
      }))
      .filter(({ share }) => share > 0)
    const marks = [
      flag.kill !== null ? make('span', { class: 'badge is-killed', text: `killed: ${flag.kill}` }) : undefined,
      flag.enabled ? undefined : make('span', { class: 'badge', text: 'disabled' }),
      flag.rollout?.state ? make('span', { class: `badge is-${phase(flag)}`, text: STATES[phase(flag)] }) : undefined,
      flag.stale ? make('span', { class: 'badge is-stale', text: staleness(flag), title: STALE[flag.stale] }) : undefined,
    ]
    name.replaceChildren(make('strong', { text: flag.key }), ...marks.filter((mark) => mark !== undefined))
    const words = parts.map(({ name, kind, share, failures, latency }) =>
      make(
        'span',
        { class: `key ${kind}` },
        make('b', { text: name }),
        ` ${percent(share)} · fails ${percent(failures.rate)}${latency ? ` · p95 ${count(Math.round(latency.p95.ms))} ms` : ''}`,
      ),
    )
    shown.replaceChildren(
      ...(parts.length
        ? [shares(parts), make('div', { class: 'legend' }, ...words)]
        : [make('span', { class: 'quiet', text: flag.variants.map(({ key }) => key).join(', ') })]),
    )
    seen.textContent = flag.last_ms
      ? `${ago(health.at_ms - flag.last_ms)} ago`
      : flag.acts
        ? 'not yet reported'
        : 'no route acts by it'
    actions.update(flag)
  }
  return element
}

function decision({ time, type, subject, data }) {
  const what = type.split('.').at(-1)
  const when = new Date(time)
  const old = Date.now() - when > 86_400_000
  const text = data?.text?.startsWith(`${subject}: `) ? data.text.slice(subject.length + 2) : (data?.text ?? what)
  const element = make(
    'li',
    { class: `decision is-${what}` },
    make('time', { datetime: time, text: `${old ? `${day.format(when)} ` : ''}${clock.format(when)}` }),
    make('span', { class: 'dot', 'aria-hidden': 'true' }),
    make('p', {}, make('strong', { text: subject }), ` ${text}`),
  )
  element.update = () => {}
  return element
}

function nodes({ nodes, revision, at_ms, sequence, last }) {
  const all = nodes.reduce((sum, { count }) => sum + count, 0)
  const lines = nodes.map(({ revision: of, count: some, latest }) =>
    make(
      'div',
      { class: 'revision' },
      make('span', {}, make('strong', { text: `revision ${of}` }), of === revision ? '' : ' (not the present one)'),
      make('span', { text: plural(some, 'node') }),
      make('meter', { min: 0, max: all, value: some, 'aria-label': `Nodes that serve revision ${of}` }),
      make('span', {
        class: 'quiet instances',
        text: latest
          .slice(0, 6)
          .map(({ instance, last_ms }) => `${instance.slice(-6)} ${ago(at_ms - last_ms)} ago`)
          .join(' · '),
      }),
    ),
  )
  const change =
    last &&
    make('p', {
      class: 'quiet',
      text: `Change ${sequence} of the control document: ${last.what === 'guard' ? 'a step' : last.what} of ${last.flag}, by ${last.who || 'somebody'}${last.why ? `: ${last.why}` : ''}`,
    })
  return [
    ...lines,
    lines.length ? undefined : make('p', { class: 'quiet', text: 'No node has reported in the last two minutes.' }),
    change,
  ].filter(Boolean)
}

// ----------------------------------------------------------------------------------------------------------------- Live

let health
let heard = 0

function show() {
  const wanted = find('find').value.trim().toLowerCase()
  const flags = health.flags.filter(({ key }) => key.toLowerCase().includes(wanted))
  const rank = (flag) =>
    ['killed', 'rolled-back', 'stopped', 'held', 'paused', 'running', 'complete', 'pending'].indexOf(phase(flag))
  const rollouts = flags.filter(({ rollout }) => rollout).sort((one, other) => rank(one) - rank(other))
  find('tiles').replaceChildren(...tiles(health))
  keyed(find('rollouts'), rollouts, ({ key }) => key, card)
  keyed(find('rows'), flags, ({ key }) => key, row)
  keyed(find('decisions'), health.decisions.slice(0, 30), ({ id }) => id, decision)
  find('nodes').replaceChildren(...nodes(health))
  find('none').hidden = flags.length > 0
  find('rollouts').classList.toggle('is-empty', rollouts.length === 0)
  find('decisions').classList.toggle('is-empty', health.decisions.length === 0)
}

function tell(isLive, text) {
  const live = find('live')
  if (live.textContent !== text) live.textContent = text
  live.classList.toggle('is-live', isLive)
}

async function look() {
  try {
    const response = await fetch(below('health.json'), { signal: AbortSignal.timeout(10_000) })
    if (!response.ok) throw new Error((await response.text()).trim())
    health = await response.json()
    heard = Date.now()
  } catch (error) {
    return tell(false, heard ? `not heard from the guard for ${ago(Date.now() - heard)}` : `no answer: ${error.message}`)
  }
  try {
    const { problem, revision } = health
    tell(!problem, problem ? `the guard cannot do its work: ${problem}` : `live, revision ${revision}`)
    show()
  } catch (error) {
    tell(false, `this page cannot show what the guard says: ${error.message}`)
  }
}

async function follow() {
  // Whoever does not look costs nothing.
  if (!document.hidden) await look()
  setTimeout(follow, PERIOD)
}

find('find').addEventListener('input', () => health && show())
document.addEventListener('changed', look)
document.addEventListener('visibilitychange', () => document.hidden || look())
document.addEventListener('keydown', (event) => {
  const isTyping = event.target.matches?.('input, textarea')
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    find('find').focus()
  }
})
follow()
