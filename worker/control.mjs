// The control document in a Durable Object: one place, which whoever asks hears the newest from, and which compares before
// it replaces. Workers KV is near everywhere instead, and late.

/** Below it whoever has the token reads and writes what the object holds. */
const PATH = '/.well-known/flagstone/'

const unauthorized = () => new Response('the token is missing or wrong\n', { status: 401, headers: { 'www-authenticate': 'Bearer' } })

/** Values under keys, each with the number of its writes as entity tag. */
export class ControlDocument {
  constructor(state) {
    this.storage = state.storage
  }

  async fetch(request) {
    // Before the look, so that nothing comes between look and write.
    const text = await request.text()
    const key = new URL(request.url).pathname.slice(1)
    const held = await this.storage.get(key)
    const tag = held && `"${held.writes}"`
    if (request.method === 'GET') {
      return held ? new Response(held.text, { headers: { etag: tag } }) : new Response(null, { status: 404 })
    }
    if (request.method !== 'PUT') return new Response(null, { status: 405, headers: { allow: 'GET, PUT' } })
    const header = (name) => request.headers.get(name)
    // What compresses a response on its way makes its tag a weak one.
    const wanted = header('if-match')?.replace(/^W\//, '')
    const isOther = wanted !== undefined && wanted !== tag
    if (isOther || (header('if-none-match') === '*' && held)) return new Response(null, { status: 412 })
    await this.storage.put(key, { text, writes: (held?.writes ?? 0) + 1 })
    return new Response(null, { status: 204 })
  }
}

/** The object's control document as bytes; null if it has none. */
export async function held(env) {
  const response = await object(env).fetch('https://control/control')
  if (response.ok) return response.arrayBuffer()
  await response.body?.cancel()
  if (response.status === 404) return null
  throw new Error(`the Durable Object answers ${response.status}`)
}

/** What to answer a request for the object, a promise; undefined if it is another one, or nobody is to reach it. */
export function manage(request, env) {
  const token = env.FLAGSTONE_CONTROL_TOKEN
  if (!token || env.CONTROL === undefined || !request.url.includes(PATH)) return undefined
  const { pathname } = new URL(request.url)
  return pathname.startsWith(PATH) ? managed(request, env, pathname.slice(PATH.length), token) : undefined
}

async function managed(request, env, key, token) {
  if (!(await shows(request.headers.get('authorization') ?? '', token))) return unauthorized()
  return object(env).fetch(new Request(`https://control/${key}`, request))
}

/** Whether what is shown, an `Authorization`, has this token. What is compared are digests, in constant time. */
export async function shows(shown, token) {
  const digest = (text) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [ours, theirs] = await Promise.all([digest(`Bearer ${token}`), digest(shown)])
  return crypto.subtle.timingSafeEqual(ours, theirs)
}

function object(env) {
  return env.CONTROL.get(env.CONTROL.idFromName('control'))
}
