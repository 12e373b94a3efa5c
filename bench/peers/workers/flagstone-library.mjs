// Ours as a library, by its npm package.
import { open } from '../../../js/wasm/dist/workerd.js';
import { askedOf, attributes, kept, reply } from './common.mjs';

const load = async (env) => {
  const snapshot = await open(new Uint8Array(await env.KV.get('snap', 'arrayBuffer')));
  return { snapshot, flags: askedOf(env).map(({ key }) => snapshot.index(key)) };
};

export default kept(load, ({ snapshot, flags }, request) => {
  const { key, country, appVersion, email } = attributes(request);
  const visitor = snapshot.for({ targetingKey: key, visitor: { country, version: appVersion, email } });
  let digits = '';
  for (const flag of flags) digits += visitor.value(flag) ? '1' : '0';
  return reply(digits);
});
