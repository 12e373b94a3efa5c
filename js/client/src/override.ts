import type { Found } from './flags.js';
import type { Decision } from './types.js';

/** Flags that tests set, the latest last. Empty outside tests. */
export const layers: ReadonlyMap<string, Decision>[] = [];

/** What tests set, if anything: later layers over earlier ones. */
export const override = (): Found | undefined =>
  layers.length ? { decisions: new Map(layers.flatMap((layer) => [...layer])) } : undefined;
