// JSON text that keeps what JSON.stringify loses.

/**
 * The value as JSON. -0 keeps its sign, and some whole numbers are written as `5.0` or `5e0`: a reader that tells
 * integers from floats must not decide differently.
 */
export function write(value, random) {
  if (Array.isArray(value)) return `[${value.map((item) => write(item ?? null, random)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member, random)}`).join(',')}}`
  }
  if (typeof value !== 'number') return JSON.stringify(value)
  if (Object.is(value, -0)) return '-0'
  const text = JSON.stringify(value)
  if (Number.isSafeInteger(value) && random.chance(0.03)) return text + random.pick(['.0', 'e0', '.00'])
  return text
}
