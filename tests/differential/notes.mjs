// What was generated and how it came out, for a table that shows whether everything is hit and outcomes are spread.

export class Notes {
  constructor(outcome) {
    this.outcome = outcome
    this.rows = new Map()
    this.labels = new Map()
    this.requests = []
  }

  /** A document begins: its flags are new ones. */
  document() {
    this.labels.clear()
  }

  /** The flag that `add` is about. */
  begin(flag) {
    this.current = new Set()
    this.labels.set(flag, this.current)
  }

  add(label) {
    this.current?.add(label)
  }

  /** Something about a request, whatever its outcome. */
  request(_flag, label) {
    this.rows.set(label, this.rows.get(label) ?? new Map())
    this.count(label, 'asked')
  }

  case(flag, expect) {
    const outcome = expect.throws ? 'throws' : this.outcome(expect)
    for (const label of ['all', ...(this.labels.get(flag) ?? [])]) this.count(label, outcome)
  }

  count(label, outcome) {
    const row = this.rows.get(label) ?? new Map()
    this.rows.set(label, row)
    row.set(outcome, (row.get(outcome) ?? 0) + 1)
  }

  table() {
    const lines = []
    for (const label of [...this.rows.keys()].sort()) {
      const row = [...this.rows.get(label)].sort((a, b) => b[1] - a[1])
      const total = row.reduce((sum, [, count]) => sum + count, 0)
      const shares = row
        .slice(0, label === 'all' ? 40 : 5)
        .map(([outcome, count]) => `${outcome} ${((100 * count) / total).toFixed(1)}%`)
      lines.push(`${label.padEnd(34)} ${String(total).padStart(8)}  ${shares.join('; ')}`)
    }
    return lines.join('\n')
  }
}
