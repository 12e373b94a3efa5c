// Ours as a library, by its npm package.
import { open } from '../../../js/wasm/dist/workerd.js';
import { askedOf, attributes, once, reply } from './common.mjs';

let held;
const load = once(async (env) => {
  const snapshot = await open(new Uint8Array(await env.KV.get('snap', 'arrayBuffer')));
  held = { snapshot, flags: askedOf(env).map(({ key }) => snapshot.index(key)) };
});

function decide(request) {
  const { snapshot, flags } = held;
  const { key, country, appVersion, email } = attributes(request);
  const visitor = snapshot.for({ targetingKey: key, visitor: { country, version: appVersion, email } });
  let digits = '';
  for (const flag of flags) digits += visitor.value(flag) ? '1' : '0';
  return reply(digits);
}

// Requests after the first wait for no promise.
export default { fetch: (request, env) => (held ? decide(request) : load(env).then(() => decide(request))) };
