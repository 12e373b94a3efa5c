// The Rust engines of `crates/engines`, by the names that it knows them by: how they are called in tables.
export const ENGINES = {
  flagstone: '**Flagstone**', 'flagstone-copied': '**Flagstone**, the bytes copied', launchdarkly: 'LaunchDarkly', 'launchdarkly-store': 'LaunchDarkly, flags copied out of the store',
  yggdrasil: 'Yggdrasil (Unleash)', eppo: 'Eppo', probe: '*probe*',
};
/** What else it measures, with 1,000 flags. */
export const PARTS = ['segments', 'primitives'];
