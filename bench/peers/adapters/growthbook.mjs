import { GrowthBookClient } from '@growthbook/growthbook';
import { each } from './each.mjs';

const evaluate = (client, key, user) => client.isOn(key, user);

export default {
  meta: { name: 'GrowthBook', package: '@growthbook/growthbook', file: 'growthbook.json' },
  load(text) {
    const client = new GrowthBookClient({});
    client.initSync({ payload: JSON.parse(text) });
    return client;
  },
  user: ({ key, ...attributes }) => ({ attributes: { id: key, ...attributes } }),
  evaluate,
  evaluateAll: each(evaluate),
  close: (client) => client.destroy?.(),
};
