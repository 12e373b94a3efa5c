import { parseDictionary } from './dictionary.js';
import type { Item } from './dictionary.js';
import type { Found } from './flags.js';
import type { Decision, HeadersLike, JsonValue } from './types.js';

/** The cookie that scripts may read. `__Host-` keeps other hosts of the domain from setting it. */
const COOKIE = '__Host-flagstone-flags';

/** What is still being read. */
type Reading = Found & { readonly decisions: Map<string, Decision> };

const empty = (): Reading => ({ decisions: new Map() });

/** Reads the member that says who decided: the revision, and why the visitor is not known. */
function about(found: Reading, revision: Item, parameters: ReadonlyMap<string, Item>): void {
  const why = parameters.get('why');
  if (typeof revision === 'number') found.revision = revision;
  if (typeof why === 'string') found.why = why;
}

/** Reads flags from a Dictionary: those of `Feature-Flags`, and of the cookie. */
export function fromDictionary(text: string): Reading {
  const found = empty();
  for (const [key, [item, parameters]] of parseDictionary(text)) {
    if (key === '*') {
      about(found, item, parameters);
    } else if (item !== undefined) {
      const reason = parameters.get('r');
      const json = parameters.get('j');
      // Booleans and numbers are what others than Flagstone write; they are a variant and its value in one.
      let value: JsonValue | undefined = parameters.get('v') ?? (typeof item === 'string' ? undefined : item);
      try {
        if (typeof json === 'string') value = JSON.parse(json) as JsonValue;
      } catch {
        // A value that cannot be read was not delivered; the variant was.
      }
      found.decisions.set(key, {
        variant: `${item}`,
        ...(value !== undefined && { value }),
        ...(typeof reason === 'string' && { reason: reason.toUpperCase() }),
      });
    }
  }
  return found;
}

/** The text of the page's script element. */
export const scriptText = (): string | undefined =>
  // The type is asked for too: an element with this id from somebody's comment is no script.
  document.querySelector('script#flagstone[type="application/json"]')?.textContent ?? undefined;

/** The text of the readable cookie. */
export const cookieText = (): string | undefined =>
  document.cookie
    .split('; ')
    .find((pair) => pair.startsWith(COOKIE + '='))
    ?.slice(COOKIE.length + 1);

/** Reads flags from the script element. */
export function fromScript(text = scriptText()): Found | undefined {
  if (text === undefined) return undefined;
  const { version, flags, revision, why } = JSON.parse(text) as {
    version?: unknown;
    flags: { [key: string]: Decision };
    revision?: Item;
    why?: Item;
  };
  if (version !== 1) return undefined;
  const found = empty();
  about(found, revision, new Map([['why', why]]));
  for (const [key, decision] of Object.entries(flags)) {
    if (typeof decision?.variant === 'string') found.decisions.set(key, decision);
  }
  return found;
}

/** Reads flags from the `Server-Timing` header of the response that the page came with. */
export function fromServerTiming(): Found | undefined {
  const [navigation] = performance.getEntriesByType('navigation') as readonly {
    // Not in every browser.
    serverTiming?: readonly { name: string; description: string }[];
  }[];
  let found: Reading | undefined;
  for (const { name, description } of navigation?.serverTiming ?? []) {
    try {
      if (name === 'flagstone') {
        about((found ??= empty()), ...parseDictionary('*=' + description).get('*')!);
      } else if (name.startsWith('flag-')) {
        const key = decodeURIComponent(name.slice(5));
        (found ??= empty()).decisions.set(key, { variant: decodeURIComponent(description) });
      }
    } catch {
      // An origin may have entries of its own; one that is not ours costs nothing but itself.
    }
  }
  return found;
}

/** Reads flags from the readable cookie. */
export function fromCookie(text = cookieText()): Found | undefined {
  return text === undefined ? undefined : fromDictionary(decodeURIComponent(text));
}

/** The lines of a header, joined as HTTP joins them. */
export function headerText(headers: HeadersLike, wanted = 'feature-flags'): string | undefined {
  const lines: unknown[] = [];
  const all = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of all as Iterable<readonly [string, unknown]>) {
    if (value !== undefined && name.toLowerCase() === wanted) lines.push(value);
  }
  return lines.length ? lines.join() : undefined;
}

/** Reads flags from the `Feature-Flags` header of a request or a response. */
export function fromHeaders(headers: HeadersLike): Found | undefined {
  const text = headerText(headers);
  if (text === undefined) return undefined;
  const found = fromDictionary(text);
  const status = headerText(headers, 'flagstone-status');
  // Only responses have it. The edge takes it away from requests, so that nobody else can set it.
  if (status) {
    const parameters = parseDictionary('*=' + status).get('*')![1];
    about(found, parameters.get('rev'), parameters);
  }
  return found;
}
