// Runs in every page, before its first script: notes what a visitor sees, at each change of the page and at each frame.
(() => {
  const watched = (globalThis.watched = { seen: [], violations: [] })
  const look = () => {
    for (const element of document.querySelectorAll('[data-variant]')) {
      if (!element.checkVisibility()) continue
      const sight = `${element.dataset.variant} ${element.closest('[data-theme]')?.dataset.theme}`
      if (watched.seen.includes(sight)) continue
      watched.seen.push(sight)
      dispatchEvent(new Event('seen'))
    }
  }
  const everything = { subtree: true, childList: true, attributes: true, characterData: true }
  new MutationObserver(look).observe(document, everything)
  const frame = () => {
    look()
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    watched.violations.push(`${violatedDirective} ${blockedURI}`),
  )
})()
