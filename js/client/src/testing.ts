/**
 * Flags for unit tests and Storybook.
 *
 * @packageDocumentation
 */

/// <reference lib="esnext.disposable" preserve="true" />

import { refresh } from './live.js';
import { layers } from './override.js';
import type { Decision, FlagKey, FlagTable, FlagValue, JsonValue, Reason, Registered, VariantKey } from './types.js';

/**
 * A flag in a test: its variant; or variant and value; or the value alone, which must not be text, as that would look
 * like a variant.
 */
export type TestFlag<F, K extends keyof F> =
  | VariantKey<F, K>
  | Exclude<FlagValue<F, K>, string | object | null>
  | { readonly variant?: VariantKey<F, K>; readonly value?: FlagValue<F, K>; readonly reason?: Reason };

/** Flags in a test. */
export type TestFlags<F> = { readonly [K in FlagKey<F>]?: TestFlag<F, K> };

/** Takes back what was set. `using` does so at the end of the block. */
export interface Restore {
  (): void;
  [Symbol.dispose](): void;
}

/**
 * Has every reader, providers included, see these flags, and no others, until they are taken back. Set again, the later
 * ones lie over the earlier ones, and each is taken back for itself.
 *
 * ```ts
 * const restore = setFlags({ 'new-checkout': { variant: 'treatment', value: true } });
 * afterEach(restore);
 * ```
 *
 * With `values`, the table of `flagstone types --values`, a variant brings its value and a value its variant.
 */
export function setFlags<F = Registered>(flags: TestFlags<NoInfer<F>>, values?: FlagTable): Restore {
  const layer: Map<string, Decision> = new Map();
  for (const [key, flag] of Object.entries(flags) as [string, TestFlag<FlagTable, string> | undefined][]) {
    if (flag !== undefined) layer.set(key, decision(flag, values?.[key]));
  }
  layers.push(layer);
  refresh();
  const restore = () => {
    const index = layers.indexOf(layer);
    if (index < 0) return;
    layers.splice(index, 1);
    refresh();
  };
  // A runtime without `using` has no use for it, and no symbol.
  return Object.assign(restore, Symbol.dispose && { [Symbol.dispose]: restore }) as Restore;
}

function decision(flag: TestFlag<FlagTable, string>, values: FlagTable[string] = {}): Decision {
  const given: { variant?: string; value?: JsonValue; reason?: Reason } =
    typeof flag === 'string' ? { variant: flag } : typeof flag === 'object' ? flag : { value: flag };
  const json = JSON.stringify(given.value);
  const known = Object.keys(values).find((key) => JSON.stringify(values[key]) === json);
  const { variant = known ?? (typeof given.value === 'string' ? given.value : json) } = given;
  const value = 'value' in given ? given.value : Object.hasOwn(values, variant) ? values[variant] : undefined;
  return { reason: 'STATIC', ...given, variant, ...(value !== undefined && { value }) };
}
