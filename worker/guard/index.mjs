// The entry of the guard's Worker: a cron trigger that has the object look, and a door for whoever has the token.

import { shows } from '../control.mjs'

export { Guard } from './guard.mjs'

const REFUSED = {
  status: 401,
  headers: { 'cache-control': 'no-store', 'www-authenticate': 'Basic realm="Flagstone: any name, the token as password", charset="UTF-8"' },
}

export default {
  async fetch(request, env) {
    const token = env.FLAGSTONE_GUARD_TOKEN
    // Without a token there is nothing here.
    if (!token) return new Response(null, { status: 404 })
    if (!(await shows(shown(request), token))) return new Response('the token is needed\n', REFUSED)
    return guard(env).fetch(request)
  },

  /** Wakes an object that no alarm and no report wakes: a rollout may have begun. */
  async scheduled(_, env) {
    await guard(env).look()
  },
}

/** What is shown, as if behind `Bearer`: browsers ask for a name and a password, and send them together. */
function shown(request) {
  const given = request.headers.get('authorization') ?? ''
  if (!given.startsWith('Basic ')) return given
  try {
    const bytes = Uint8Array.from(atob(given.slice(6)), (letter) => letter.charCodeAt(0))
    const pair = new TextDecoder().decode(bytes)
    const colon = pair.indexOf(':')
    return colon < 0 ? '' : `Bearer ${pair.slice(colon + 1)}`
  } catch {
    return ''
  }
}

function guard(env) {
  return env.GUARD.get(env.GUARD.idFromName('guard'))
}
