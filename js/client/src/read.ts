import { flagsOf } from './flags.js';
import type { Found } from './flags.js';
import { override } from './override.js';
import { fromCookie, fromHeaders, fromScript, fromServerTiming } from './sources.js';
import type { Flags, HeadersLike, Registered, Source } from './types.js';

/** A place where flags may be, and how to look there. */
export type Place = readonly [source: Source, read: () => Found | undefined];

/** Where the flags of this page are, or those of some headers. */
export const places = (headers?: HeadersLike): readonly Place[] =>
  headers
    ? [['header', () => fromHeaders(headers)]]
    : [
        ['script', fromScript],
        ['server-timing', fromServerTiming],
        ['cookie', fromCookie],
      ];

/** The flags of the first place that has any. */
export function firstOf<F>(places: readonly Place[]): Flags<F> {
  for (const [source, read] of places) {
    try {
      const found = read();
      if (found) return flagsOf(source, found);
    } catch {
      // There is no document on a server, a sandboxed frame may not look at cookies, and what is malformed is absent.
    }
  }
  return flagsOf('none', { decisions: new Map() });
}

/**
 * Reads the flags that the edge decided for this page or this request.
 *
 * In a browser, without an argument: from the page's script element, else from the `Server-Timing` of its response,
 * else from the readable cookie. With headers, of a request on a server or of a response: from `Feature-Flags`. What is
 * malformed counts as absent. Never throws; where there is nothing, `source` is `none` and every flag has its fallback. The
 * header has values only with `[expose] values`, else variants alone.
 *
 * ```ts
 * const flags = readFlags(); // on a server: readFlags(request.headers)
 * if (flags.value('new-checkout', false)) showNewCheckout();
 * ```
 */
export const readFlags = <F = Registered>(headers?: HeadersLike): Flags<F> =>
  firstOf([['test', override], ...places(headers)]);
