import type { Decision, FlagKey, Flags, FlagValue, JsonValue, Registered, Source, VariantKey } from './types.js';

/** What was read, before it is a `Flags`. */
export interface Found {
  readonly decisions: ReadonlyMap<string, Decision>;
  revision?: number | undefined;
  why?: string | undefined;
}

/** Whether a value can stand where a fallback of this type was given. Arrays, objects and `null` are of one type. */
export const sameType = (value: JsonValue | undefined, fallback: JsonValue): boolean =>
  value !== undefined && typeof value === typeof fallback;

/**
 * Makes flags of what was found. `read` hears of each decision that somebody reads, `value` only where it was not the
 * fallback.
 */
export function flagsOf<F = Registered>(
  source: Source,
  { decisions, revision, why }: Found,
  read?: (key: string, decision: Decision) => void,
): Flags<F> {
  const heard = (key: string, usable = (_: Decision) => true): Decision | undefined => {
    const decision = decisions.get(key);
    if (!decision || !usable(decision)) return undefined;
    read?.(key, decision);
    return decision;
  };
  return {
    source,
    ...(revision !== undefined && { revision }),
    ...(why !== undefined && { why }),
    decisions,
    // What the edge sends is taken to be what the generated types say; a variant that is newer than they are comes
    // through.
    variant: <K extends FlagKey<F>>(key: K) => heard(key)?.variant as VariantKey<F, K> | undefined,
    value: <K extends FlagKey<F>, D>(key: K, fallback: D) => {
      const decision = heard(key, ({ value }) => sameType(value, fallback as JsonValue));
      return decision ? (decision.value as FlagValue<F, K>) : fallback;
    },
    decision: <K extends FlagKey<F>>(key: K) => heard(key) as Decision<VariantKey<F, K>, FlagValue<F, K>> | undefined,
  };
}
