import { FlagdCore } from '@openfeature/flagd-core';

const logger = { debug() {}, info() {}, warn() {}, error: console.error };

export const adapter = (name, options) => ({
  meta: { name, package: '@openfeature/flagd-core', file: 'flagd.json' },
  load(text) {
    const core = new FlagdCore(undefined, logger, options);
    core.setConfigurations(text);
    return core;
  },
  user: ({ key, ...attributes }) => ({ targetingKey: key, ...attributes }),
  evaluate: (core, key, user) => core.resolveBooleanEvaluation(key, false, user, logger).value,
  evaluateAll: (core, user) => core.resolveAll(user, logger),
  close() {},
});

export default adapter('flagd', {});
