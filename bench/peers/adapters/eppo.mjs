// The engine of the Node SDK, which fills its store with an internal function.
import { createRequire } from 'node:module';
import path from 'node:path';
import common from '@eppo/js-client-sdk-common';
import { each } from './each.mjs';

const require = createRequire(import.meta.url);
const folder = path.dirname(require.resolve('@eppo/js-client-sdk-common'));
const { hydrateConfigurationStore } = require(path.join(folder, 'configuration-store/configuration-store-utils.js'));
const evaluate = (client, key, [user, attributes]) => client.getBooleanAssignment(key, user, attributes, false);

export default {
  meta: { name: 'Eppo', package: '@eppo/js-client-sdk-common', file: 'eppo.json' },
  async load(text) {
    const { flags, environment, createdAt, format } = JSON.parse(text);
    const flagConfigurationStore = new common.MemoryOnlyConfigurationStore();
    await hydrateConfigurationStore(flagConfigurationStore, { entries: flags, environment, createdAt, format });
    return new common.EppoClient({ flagConfigurationStore });
  },
  user: ({ key, ...attributes }) => [key, attributes],
  evaluate,
  evaluateAll: each(evaluate),
  close() {},
};
