// What a visitor and an origin see of our Worker's pipeline, written by hand for this one configuration: what the platform takes
// for it. The visitor is known by a cookie, one flag chooses the origin, five are told to it and to the browser, a cookie is set,
// caches are told what they must know, headers that nobody outside may set are removed, and, if there is a fallback, when the
// canary fails, or its short body breaks off, stable answers as if the flag were off. What came of it is counted. There is no
// breaker, no newer configuration, and no other one.
import { evaluate, load as read } from '../adapters/hand-written.mjs';
import { askedOf, attributes, kept } from './common.mjs';

const TIMEOUT_MS = 5_000;
const HELD = 65_536;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const VARY = 'cookie, x-app-version, x-country, x-email';

const load = async (env) => read(await env.KV.get('snap', 'text'));
const cookie = (cookies, name) => cookies.split('; ').find((pair) => pair.startsWith(name))?.slice(name.length) ?? '';
const counts = { on: 0, off: 0, failed: 0 };

export const worker = (hasFallback) => kept(load, (flags, request, env) => proxied(flags, request, env, hasFallback));

async function proxied(flags, request, env, hasFallback) {
  const cookies = request.headers.get('cookie') ?? '';
  const user = { ...attributes(request), key: cookie(cookies, 'uid=') };
  const decided = askedOf(env).map(({ key }) => [key, evaluate(flags, key, user)]);
  const isCanary = decided[0][1];
  counts[isCanary ? 'on' : 'off']++;
  if (!hasFallback || !isCanary || !SAFE.has(request.method) || request.body !== null) {
    const response = await send(request, env, decided, isCanary);
    return answered(response, response.body, decided, isCanary, isCanary && cookie(cookies, 'release=') !== '2');
  }
  try {
    const response = await inTime(send(request, env, decided, true));
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    const { headers, body } = response;
    const isShort = body !== null && Number.parseInt(headers.get('content-length'), 10) <= HELD && !headers.has('content-encoding');
    return answered(response, isShort ? await response.arrayBuffer() : body, decided, true, cookie(cookies, 'release=') !== '2');
  } catch {
    counts.failed++;
    decided[0][1] = false;
    const response = await send(request, env, decided, false);
    const copy = answered(response, response.body, decided, false, false);
    copy.headers.set('cache-control', 'no-store');
    return copy;
  }
}

function inTime(promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('late')), TIMEOUT_MS);
    promise.then((response) => {
      clearTimeout(timer);
      resolve(response);
    }, reject);
  });
}

const tell = (decided) => decided.map(([key, isOn]) => `${key}=${isOn ? 'on' : 'off'}`).join(', ');

function send(request, env, decided, isCanary) {
  const { url } = request;
  const sent = new Request(url, request);
  const { headers } = sent;
  for (const name of headers.keys()) if (name.startsWith('flagstone-')) headers.delete(name);
  headers.set('x-forwarded-host', url.slice(url.indexOf('://') + 3, url.indexOf('/', 8)));
  headers.set('x-forwarded-proto', url.slice(0, url.indexOf(':')));
  headers.set('feature-flags', tell(decided));
  if (isCanary) headers.set('x-release', '2');
  return (isCanary ? env.ORIGIN_CANARY : env.ORIGIN_STABLE).fetch(sent);
}

function answered(response, body, decided, isCanary, sets) {
  const copy = new Response(body, response);
  const { headers } = copy;
  if (isCanary) headers.set('x-release', '2');
  if (sets) headers.append('set-cookie', 'release=2; Path=/; Secure; SameSite=Lax');
  headers.set('feature-flags', tell(decided));
  headers.set('flagstone-status', 'flagstone; rev=1; id=cookie');
  const vary = headers.get('vary');
  headers.set('vary', vary === null ? VARY : `${vary}, ${VARY}`);
  if (sets) headers.set('cache-control', 'private');
  return copy;
}
