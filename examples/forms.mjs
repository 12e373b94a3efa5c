// Has an origin write what an edge will: flags for the page's own scripts, in one of the forms of docs/frontend.md. Here until the
// edge does so itself.

import { readFlags } from '@flagstone/client'
import { scriptElement } from '@flagstone/client/html'

/** The flags that the examples' pages read. */
const KEYS = ['new-checkout', 'theme']

const HEADERS = {
  script: () => ({}),
  'server-timing': (flags) => {
    const entries = KEYS.map((key) => `flag-${key};desc="${flags.variant(key)}"`)
    return { 'server-timing': ['flagstone;desc="1"', ...entries].join(', ') }
  },
  cookie: (flags) => {
    const members = KEYS.map((key) => `${key}=${flags.variant(key)}`).join(', ')
    return { 'set-cookie': `__Host-flagstone-flags=${encodeURIComponent(members)}; Path=/; Secure; SameSite=Lax` }
  },
}

/** Has the response, if it is a page, tell the flags of the request in the form `script`, `server-timing` or `cookie`. */
export function tell(form, request, response) {
  const flags = readFlags(request.headers)
  const { writeHead, write, end } = response
  let awaitsHead = false
  response.writeHead = (status, headers = {}) => {
    const isPage = `${headers['content-type']}`.startsWith('text/html')
    awaitsHead = isPage && form === 'script'
    return writeHead.call(response, status, { ...headers, ...(isPage && HEADERS[form](flags)) })
  }
  const told = (chunk) => {
    if (!awaitsHead || !`${chunk}`.includes('<head>')) return chunk
    awaitsHead = false
    return `${chunk}`.replace('<head>', `<head>${scriptElement(flags, KEYS)}`)
  }
  response.write = (chunk, ...rest) => write.call(response, told(chunk), ...rest)
  response.end = (chunk, ...rest) => end.call(response, told(chunk), ...rest)
}
