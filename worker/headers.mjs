// What takes fewer steps here than from the wasm, where each name would have to cross over.

/** Removes each header whose name, in lower case, begins with `prefix`. */
export function removePrefix(headers, prefix) {
  for (const name of [...headers.keys()]) {
    if (name.startsWith(prefix)) headers.delete(name)
  }
}
