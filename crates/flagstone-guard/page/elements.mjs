// Elements: found, made, and kept in their place.

/** Without the name and password that the page's own address may have, with which nothing can be fetched. */
export const below = (name) => location.origin + location.pathname + name
export const find = (id) => document.getElementById(id)

/** An element; `class`, `text` and listeners by their names, other attributes as they are. */
export function make(name, options = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (key === 'text') element.textContent = value
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value)
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** Children of `parent` by key: made once, brought up to date each time, in the order of `items`. */
export function keyed(parent, items, key, create) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  items.forEach((item, index) => {
    let child = before.get(key(item))
    before.delete(key(item))
    if (!child) {
      child = create(item)
      child.dataset.key = key(item)
    }
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
    child.update(item)
  })
  before.forEach((child) => child.remove())
}
