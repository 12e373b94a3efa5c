import type { Decision, FlagData, JsonValue } from './types.js';

/** OpenFeature's codes of what can go wrong here, by the names that both of its SDKs have for them. */
export interface Codes<C> {
  readonly FLAG_NOT_FOUND: C;
  readonly TYPE_MISMATCH: C;
}

/** What OpenFeature's SDKs take for an evaluation. */
export interface Resolution<T, C> {
  value: T;
  variant?: string;
  reason?: string;
  errorCode?: C;
  errorMessage?: string;
  flagMetadata: Record<string, string>;
}

/** Says a flag's value as OpenFeature wants it; `read` hears of it if it is not the fallback. */
export function resolve<T extends JsonValue, C>(
  flags: FlagData,
  key: string,
  fallback: T,
  type: 'boolean' | 'string' | 'number' | 'object',
  codes: Codes<C>,
  read?: (key: string, decision: Decision, flags: FlagData) => void,
): Resolution<T, C> {
  const flagMetadata: Record<string, string> = { source: flags.source };
  // What OpenTelemetry's conventions call `feature_flag.version`.
  if (flags.revision !== undefined) flagMetadata['version'] = `${flags.revision}`;
  const error = (errorCode: C, errorMessage: string) => ({
    value: fallback,
    reason: 'ERROR',
    errorCode,
    errorMessage,
    flagMetadata,
  });
  const decision = flags.decisions.get(key);
  if (!decision)
    return error(codes.FLAG_NOT_FOUND, `the edge delivered no flag \`${key}\` (read from: ${flags.source})`);
  const { variant, value, reason = 'UNKNOWN' } = decision;
  // As in OFREP: a flag without a value has the code's own. The variant is not named, because it is not what is in
  // force.
  if (value === undefined) return { value: fallback, reason: 'DEFAULT', flagMetadata };
  if (typeof value !== type) {
    return error(codes.TYPE_MISMATCH, `flag \`${key}\` is of type ${typeof value}, not ${type}`);
  }
  read?.(key, decision, flags);
  return { value: value as T, variant, reason, flagMetadata };
}
