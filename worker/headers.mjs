// Changes to headers.

export const [REMOVE_PREFIX, REMOVE, SET] = [0, 1, 2]

/** Makes the changes in their order. One that the platform refuses is left out; the others are made. */
export function apply(headers, edits) {
  for (let at = 0; at < edits.length; at += 3) {
    const name = edits[at + 1]
    try {
      switch (edits[at]) {
        case REMOVE_PREFIX:
          removePrefix(headers, name, edits)
          break
        case REMOVE:
          headers.delete(name)
          break
        case SET:
          headers.set(name, edits[at + 2])
          break
        default:
          headers.append(name, edits[at + 2])
      }
    } catch (error) {
      console.error(`flagstone: header \`${name}\` refused:`, error)
    }
  }
}

/**
 * Removes each header whose name, in small letters, begins with `prefix`; and each that is so or in `edits` but for `_` instead of
 * `-`, which servers that make variables of headers take for the same.
 */
function removePrefix(headers, prefix, edits) {
  let found
  for (const name of headers.keys()) {
    if (name.startsWith(prefix) || (name.includes('_') && isChanged(name.replaceAll('_', '-'), prefix, edits))) (found ??= []).push(name)
  }
  found?.forEach((name) => headers.delete(name))
}

function isChanged(name, prefix, edits) {
  if (name.startsWith(prefix)) return true
  for (let at = 0; at < edits.length; at += 3) if (edits[at + 1] === name) return true
  return false
}
