// Charts as inline SVG: figures in, an element out. Each says in words what it shows.

const NAMESPACE = 'http://www.w3.org/2000/svg'

/** An SVG element; `undefined` children are left out. */
function svg(name, attributes, ...children) {
  const element = document.createElementNS(NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children.flat().filter((child) => child !== undefined))
  return element
}

/** How wide a chart is drawn that takes a card's whole width: letters keep their size on phones. */
const wide = () => (innerWidth < 560 ? 340 : 640)

const text = (x, y, content, kind = '') => svg('text', { x, y, class: kind }, content)

function chart(width, height, label, kind, ...children) {
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, class: `chart ${kind}`, role: 'img', 'aria-label': label },
    ...children,
  )
}

/** A part of one as people write it: more digits the smaller it is. */
export function percent(part) {
  if (!Number.isFinite(part)) return '–'
  const value = part * 100
  const digits =
    value === 0 || value >= 10 ? (Number.isInteger(value) ? 0 : 1) : value >= 0.1 ? 1 : value >= 0.01 ? 2 : 3
  return `${value.toFixed(digits).replace(/\.0+$/, '')} %`
}

/** Stages as stairs, up to everybody; the one that is in force is full, those before it are done. */
export function stairs(stages, at, state) {
  const width = wide()
  const height = 134
  const base = 108
  const shares = [...stages.map(({ share }) => share), 1]
  const step = width / shares.length
  // Small shares are to be seen too.
  const rise = (share) => 8 + 76 * Math.sqrt(share)
  const present = state === 'complete' ? stages.length : at < stages.length ? at : -1
  const steps = shares.map((share, index) => {
    const kind =
      state === 'rolled-back'
        ? index <= present
          ? 'undone'
          : 'ahead'
        : index > present
          ? 'ahead'
          : index < present
            ? 'past'
            : 'present'
    const x = index * step + 3
    const top = base - rise(share)
    return [
      svg('rect', { x, y: top, width: step - 6, height: base - top, rx: 5, class: `step ${kind} ${state ?? ''}` }),
      text(x + (step - 6) / 2, top - 6, percent(share), `middle ${kind === 'present' ? 'strong' : ''}`),
      index === present && state !== 'rolled-back'
        ? text(x + (step - 6) / 2, base + 20, state === 'complete' ? 'everybody' : 'now', 'middle strong')
        : undefined,
      index === present && state === 'rolled-back'
        ? text(x + (step - 6) / 2, base + 20, 'rolled back', 'middle strong')
        : undefined,
    ]
  })
  const where =
    at === undefined
      ? 'it has not begun'
      : state === 'complete'
        ? 'complete, everybody has it'
        : present < 0
          ? `its plan has no stage ${at + 1}`
          : state === 'rolled-back'
            ? `rolled back at ${percent(shares[at])}`
            : `stage ${at + 1} of ${stages.length}, ${percent(shares[at])}`
  return chart(
    width,
    height,
    `Ramp: ${shares.map(percent).join(', ')}; ${where}`,
    'stairs',
    svg('line', { x1: 0, x2: width, y1: base, y2: base, class: 'axis' }),
    ...steps,
  )
}

/**
 * Values with the intervals in which the true ones lie, on one scale, which goes up to `least` at least. Rows: name, kind,
 * value, low, high (null: open).
 */
export function intervals(title, rows, format, least = 0) {
  const width = 320
  const left = 92
  const right = 78
  const row = 30
  const height = 20 + row * rows.length
  const ends = rows.flatMap(({ value, high }) => [
    value,
    Number.isFinite(high) ? Math.min(high, 4 * Math.max(...rows.map((of) => of.value), 1e-9) + high / 3) : value,
  ])
  const most = Math.max(...ends, least, 1e-6)
  const x = (value) => left + Math.min(1, value / most) * (width - left - right)
  const marks = rows.map(({ name, kind, value, low, high }, index) => {
    const y = 26 + row * index
    return [
      text(0, y + 4, name.length > 13 ? `${name.slice(0, 12)}…` : name, 'name'),
      svg('line', { x1: left, x2: width - right, y1: y, y2: y, class: 'track' }),
      svg('line', { x1: x(low), x2: Math.max(x(high ?? Infinity), x(low) + 1), y1: y, y2: y, class: `range ${kind}` }),
      svg('circle', { cx: x(value), cy: y, r: 5, class: `dot ${kind}` }),
      text(width, y + 4, format(value), 'end strong'),
    ]
  })
  const words = rows.map(
    ({ name, value, low, high }) =>
      `${name} ${format(value)}, between ${format(low)} and ${high == null ? 'any' : format(high)}`,
  )
  return chart(width, height, `${title}: ${words.join('; ')}`, 'intervals', text(0, 9, title, 'title'), ...marks)
}

/**
 * Failures as a part of requests, a line a variant, over bars of how many requests there were: since the first of the last
 * ten minutes.
 */
export function course(lines) {
  const width = wide()
  const height = 178
  const [left, top, base, bars] = [56, 32, 120, 158]
  const first = Math.min(
    ...lines.map(({ requests }) => requests.findIndex((of) => of > 0)).filter((index) => index >= 0),
  )
  const from = Math.max(0, Math.min(Number.isFinite(first) ? first : 0, lines[0].requests.length - 12))
  lines = lines.map((line) => ({ ...line, requests: line.requests.slice(from), failures: line.failures.slice(from) }))
  const count = lines[0].requests.length
  const gap = (width - left) / count
  const bar = Math.max(2, Math.min(22, 0.66 * gap))
  const x = (index) => left + gap * (index + 0.5)
  const rates = lines.map(({ requests, failures }) =>
    requests.map((of, index) => (of > 0 ? Math.min(1, failures[index] / of) : undefined)),
  )
  const highest = Math.max(0.01, ...rates.flat().filter((rate) => rate !== undefined))
  const most = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((step) => step >= highest) ?? 1
  const y = (rate) => base - (rate / most) * (base - top)
  const sums = Array.from({ length: count }, (_, index) =>
    lines.reduce((sum, { requests }) => sum + requests[index], 0),
  )
  const busiest = Math.max(1, ...sums)
  const columns = sums.map((sum, index) =>
    svg('rect', {
      x: x(index) - bar / 2,
      width: bar,
      y: bars - (26 * sum) / busiest,
      height: (26 * sum) / busiest,
      rx: 1,
      class: 'volume',
    }),
  )
  const drawn = lines.map(({ kind }, line) => {
    let path = ''
    let isDown = false
    rates[line].forEach((rate, index) => {
      // What nobody asked for is a gap, not a zero.
      if (rate !== undefined) path += `${isDown ? 'L' : 'M'}${x(index).toFixed(1)} ${y(rate).toFixed(1)}`
      isDown = rate !== undefined
    })
    const dots = rates[line].map((rate, index) =>
      rate > 0 ? svg('circle', { cx: x(index), cy: y(rate), r: 2.4, class: `dot ${kind}` }) : undefined,
    )
    return [svg('path', { d: path, class: `line ${kind}` }), ...dots]
  })
  const grid = [0, most / 2, most].map((rate) => [
    svg('line', { x1: left, x2: width, y1: y(rate), y2: y(rate), class: rate === 0 ? 'axis' : 'grid' }),
    text(left - 7, y(rate) + 4, percent(rate), 'end small'),
  ])
  const last = lines.map(({ name }, line) => `${name} ${percent(rates[line].findLast((rate) => rate !== undefined))}`)
  return chart(
    width,
    height,
    `Failures of the last ten minutes, in parts of the requests; lastly ${last.join(', ')}`,
    'course',
    ...grid,
    text(0, 10, 'Failures, in parts of the requests', 'title'),
    text(left - 7, bars, 'requests', 'end small'),
    text(left, 174, count < 12 ? '' : `${Math.round(count / 6)} minutes ago`, 'small'),
    text(width, 174, 'now', 'end small'),
    ...columns,
    ...drawn,
  )
}

/** A value between nothing and a limit, which is a mark. */
export function gauge(title, part, words, kind) {
  const width = 320
  const height = 46
  const end = 296
  const filled = Math.max(0, Math.min(1, part)) * end
  return chart(
    width,
    height,
    `${title}: ${words}`,
    'gauge',
    text(0, 9, title, 'title'),
    text(width, 9, words, 'end strong'),
    svg('rect', { x: 0, y: 20, width, height: 10, rx: 5, class: 'track' }),
    svg('rect', { x: 0, y: 20, width: Math.max(filled, 3), height: 10, rx: 5, class: `fill ${kind}` }),
    svg('line', { x1: end, x2: end, y1: 16, y2: 34, class: 'limit' }),
  )
}

/** Parts of a whole as one bar. Parts: name, kind, share. */
export function shares(parts) {
  let from = 0
  const drawn = parts.map(({ name, kind, share }) => {
    const part = svg(
      'rect',
      { x: from * 200, y: 0, width: Math.max(share * 200 - 1, share > 0 ? 1 : 0), height: 12, class: `part ${kind}` },
      svg('title', {}, `${name} ${percent(share)}`),
    )
    from += share
    return part
  })
  const label = parts.map(({ name, share }) => `${name} ${percent(share)}`).join(', ')
  return svg(
    'svg',
    {
      viewBox: '0 0 200 12',
      preserveAspectRatio: 'none',
      class: 'shares',
      role: 'img',
      'aria-label': `Shares: ${label}`,
    },
    ...drawn,
  )
}
