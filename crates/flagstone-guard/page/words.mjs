// What the page says: states, reasons and actions, numbers and times.

export const STATES = {
  running: 'running',
  held: 'holding',
  paused: 'paused',
  complete: 'complete',
  'rolled-back': 'rolled back',
  stopped: 'stopped',
  pending: 'not begun',
  killed: 'killed',
}
export const REASONS = {
  stale: 'Nodes report nothing, or too little to go by.',
  outage: 'The stable side fails too: this is no fault of the canary.',
  ceiling: 'More requests fail than its owner allows.',
  srm: 'Visitors do not arrive in the planned shares, so the comparison is broken.',
  evidence: 'There is evidence against the canary, but not enough to roll back.',
  insufficient: 'With what is known, the next share could cost more than the risk budget.',
  lost: 'This guard does not know how the rollout began, or its shares are others now.',
  manual: 'Somebody paused it.',
  closed: 'The plan’s windows or freezes do not let it grow now.',
}
export const STALE = {
  expired: 'It should have been gone by now.',
  settled: 'At 100 % for two weeks: the flag can go.',
  unseen: 'No node has asked for it for a week.',
}
export const ACTIONS = {
  kill: ['Kill', 'Everybody gets the flag’s default at once, whatever the rollout does.'],
  lift: ['Lift the kill', 'The flag is decided by its rules again, for everybody.'],
  pause: ['Pause', 'Nobody is moved; the share stays where it is.'],
  resume: ['Resume', 'The rollout goes on from where it was.'],
}

const number = new Intl.NumberFormat('en')
export const count = (value) => number.format(value)
export const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
export const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

export const plural = (value, word) => `${count(value)} ${word}${value === 1 ? '' : 's'}`
