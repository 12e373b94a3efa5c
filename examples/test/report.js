// Drives a page from within, where nobody else may: Chromium neither prerenders nor keeps pages for going back while a
// debugger is attached. Tells the server what happens, and does what it answers.
{
  const report = async (event) => {
    const { prerendering } = document
    const body = JSON.stringify({ event, path: location.pathname, prerendering, seen: globalThis.watched?.seen })
    const answer = await (await fetch('/report', { method: 'POST', body })).text()
    if (answer === 'back') history.back()
    else if (answer) location.href = answer
  }
  addEventListener('load', () => report('loaded'))
  addEventListener('seen', () => report('seen'))
  addEventListener('pageshow', ({ persisted }) => persisted && report('back'))
  document.addEventListener('prerenderingchange', () => report('shown'))
}
