/**
 * Hands flags from a server's rendering on to the browser, where the edge does not put them into the page itself.
 *
 * @packageDocumentation
 */

import type { FlagKey, Flags } from './types.js';

/**
 * The script element that `readFlags()` looks for, to be put before every other script.
 *
 * Only the flags in `keys` go into it: a request to an origin tells of flags that browsers may not see.
 *
 * ```ts
 * html = `<head>${scriptElement(readFlags(request.headers), ['new-checkout'])}`;
 * ```
 */
export const scriptElement = <F>(flags: Flags<F>, keys: readonly FlagKey<F>[]): string =>
  `<script id="flagstone" type="application/json">${scriptContent(flags, keys)}</script>`;

/** What is in that element, for templates that write elements themselves: `dangerouslySetInnerHTML` in React. */
export function scriptContent<F>({ revision, why, decisions }: Flags<F>, keys: readonly FlagKey<F>[]): string {
  const entries = keys.flatMap((key) => {
    const decision = decisions.get(key);
    return decision ? [[key, decision] as const] : [];
  });
  const text = JSON.stringify({ version: 1, revision, why, flags: Object.fromEntries(entries) });
  // No text can then end the element, or begin a comment in it.
  return text.replaceAll('<', '\\u003c');
}
