/**
 * Reads the feature flags that Flagstone decided at the CDN edge: in browsers and on servers, without a request.
 *
 * @packageDocumentation
 */

/**
 * Flag keys, for each its variant keys, for each the variant's value. `flagstone types` writes a file that fills it in;
 * until then every key compiles.
 *
 * ```ts
 * declare module '@flagstone/client' {
 *   interface FlagTypes {
 *     'new-checkout': { control: false; treatment: true };
 *   }
 * }
 * ```
 */
// An interface, because only an interface can be added to from outside.
export interface FlagTypes {}

export { readFlags } from './read.js';
export type {
  Decision,
  Fallback,
  FlagData,
  FlagKey,
  Flags,
  FlagTable,
  FlagValue,
  HeadersLike,
  JsonValue,
  Reason,
  Registered,
  Source,
  VariantKey,
} from './types.js';
