import { flagsOf } from './flags.js';
import type { FlagData, Flags, FlagTable, Registered } from './types.js';

/**
 * Adds the values of variants that came without: `Server-Timing` carries variants alone. `flagstone types --values`
 * writes the table.
 *
 * Whoever gets the table can read it; it should have only flags that browsers may see.
 */
export function withValues<F = Registered>(flags: FlagData, values: FlagTable = {}): Flags<F> {
  const decisions = new Map(flags.decisions);
  for (const [key, decision] of decisions) {
    const variants = Object.hasOwn(values, key) ? values[key]! : {};
    if (decision.value === undefined && Object.hasOwn(variants, decision.variant)) {
      decisions.set(key, { ...decision, value: variants[decision.variant]! });
    }
  }
  return flagsOf(flags.source, { ...flags, decisions });
}
