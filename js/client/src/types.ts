import type { FlagTypes } from './index.js';

/** What JSON can say. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [member: string]: JsonValue };

/** Flag keys, for each its variant keys, for each the variant's value. */
export type FlagTable = { readonly [flag: string]: { readonly [variant: string]: JsonValue } };

/** The table that `flagstone types` wrote; any flag with any variants until one was written. */
export type Registered = keyof FlagTypes extends never ? FlagTable : FlagTypes;

/** The keys of a table's flags. */
export type FlagKey<F> = keyof F & string;

/** The keys of a flag's variants. */
export type VariantKey<F, K extends keyof F> = keyof F[K] & string;

/** The values that a flag can have. */
export type FlagValue<F, K extends keyof F> = F[K][keyof F[K]];

/** What may stand in for such a value: anything of its type. */
export type Fallback<V> = V extends boolean
  ? boolean
  : V extends string
    ? string
    : V extends number
      ? number
      : JsonValue;

/** OpenFeature's word for why a variant was chosen. Others may come. */
export type Reason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'ERROR' | (string & {});

/** What the edge decided about one flag. */
export interface Decision<Variant extends string = string, Value = JsonValue> {
  /** The variant's key. */
  readonly variant: Variant;
  /** The variant's value, if it was delivered. */
  readonly value?: Value;
  /** Why, if that was delivered. */
  readonly reason?: Reason;
}

/**
 * Where flags were read from: the page's script element, the `Server-Timing` of its response, the readable cookie, a
 * `Feature-Flags` header, a test's `setFlags`; or none of them was there.
 */
export type Source = 'script' | 'server-timing' | 'cookie' | 'header' | 'test' | 'none';

/** What the edge decided, as far as it was delivered: the data, whatever flags there are. */
export interface FlagData {
  /** Where this was read from. */
  readonly source: Source;
  /** The revision of the configuration that decided, if that was delivered. It only grows. */
  readonly revision?: number;
  /** Why the visitor is not known, if that is so: `bot`, `gpc`, `consent`. Such visitors are not counted. */
  readonly why?: string;
  /** All decisions, by flag. Reading them here is not reported as an exposure. */
  readonly decisions: ReadonlyMap<string, Decision>;
}

/** What the edge decided, to be read by the keys of a table of flags. */
export interface Flags<F = Registered> extends FlagData {
  /** The variant of a flag; `undefined` if the flag was not delivered. */
  variant<K extends FlagKey<F>>(key: K): VariantKey<F, K> | undefined;
  /** The value of a flag; `fallback` if none was delivered, or one of another type than `fallback` has. */
  value<K extends FlagKey<F>, const D extends Fallback<FlagValue<F, K>>>(key: K, fallback: D): FlagValue<F, K> | D;
  /** Variant, value and reason of a flag; `undefined` if the flag was not delivered. */
  decision<K extends FlagKey<F>>(key: K): Decision<VariantKey<F, K>, FlagValue<F, K>> | undefined;
}

/** The headers of a request or a response, in any of the usual forms. */
export type HeadersLike =
  | Iterable<readonly [name: string, value: string | readonly string[] | undefined]>
  | { readonly [name: string]: string | readonly string[] | undefined };
