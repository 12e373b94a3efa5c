import { attributes, reply } from './common.mjs';

export default { fetch: (request) => reply(attributes(request).key.length > 3 ? '00000' : '11111') };
