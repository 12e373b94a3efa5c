// The entry of the guard's Worker: a cron trigger that has the object look, and a door for whoever has the token.

import { shows } from '../control.mjs'

export { Guard } from './guard.mjs'

export default {
  async fetch(request, env) {
    const token = env.FLAGSTONE_GUARD_TOKEN
    // Without a token there is nothing here.
    if (!token) return new Response(null, { status: 404 })
    if (!(await shows(request, token))) return new Response('the token is missing or wrong\n', { status: 401 })
    return guard(env).fetch(request)
  },

  /** Wakes an object that no alarm and no report wakes: a rollout may have begun. */
  async scheduled(_, env) {
    await guard(env).look()
  },
}

function guard(env) {
  return env.GUARD.get(env.GUARD.idFromName('guard'))
}
