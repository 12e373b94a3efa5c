/**
 * Flags that stay current while a page lives: re-read on soft navigations, and when a new revision has arrived.
 *
 * @packageDocumentation
 */

import { flagsOf } from './flags.js';
import { layers, override } from './override.js';
import { firstOf, places } from './read.js';
import type { Place } from './read.js';
import { cookieText, fromCookie, fromScript, scriptText } from './sources.js';
import type { Decision, FlagData, Flags, FlagTable, HeadersLike, Registered } from './types.js';
import { withValues } from './values.js';

export { withValues } from './values.js';

/** How flags are kept current. */
export interface LiveOptions {
  /** What to begin with, instead of what the page says: a server's `readFlags(request.headers)`. */
  readonly flags?: FlagData;
  /** Values of variants, for where only variants are delivered. */
  readonly values?: FlagTable;
  /** Whether to look again by itself. Without, flags change only by `refresh`. On unless said otherwise. */
  readonly follow?: boolean;
}

/** Hears which flags have another variant or value now, or have gone. */
export type Listener<F = Registered> = (changed: readonly string[], flags: Flags<F>) => void;

/** Flags that stay current. */
export interface LiveFlags<F = Registered> {
  /** What holds now. */
  readonly current: Flags<F>;
  /** Looks again, or takes over what a response of the page's own requests says; gives the keys that changed. */
  refresh(headers?: HeadersLike): readonly string[];
  /** Calls `listener` after each change, until the function that comes back is called. */
  subscribe(listener: Listener<F>): () => void;
  /** Stops looking. */
  close(): void;
}

const open: Set<{ refresh(headers?: HeadersLike): unknown }> = new Set();

/**
 * Has everything that reads flags live, providers included, look again. For routers that soft navigations go unnoticed
 * by (those of `history.pushState` in browsers without the Navigation API), and, with headers, for responses that bring
 * flags.
 */
export function refresh(headers?: HeadersLike): void {
  for (const live of open) live.refresh(headers);
}

/** Reads flags and keeps them current, until closed. */
export function liveFlags<F = Registered>({ flags, values, follow = true }: LiveOptions = {}): LiveFlags<F> {
  const listeners: Set<Listener<F>> = new Set();
  const stop = new AbortController();
  let texts = look();
  // What the edge says, and the same or what a test says instead.
  let base = flags ?? firstOf(places());
  let current = shown<F>(base, values);
  // What holds by then: a listener before may have had it look again.
  const tell = (listener: Listener<F>, changed: readonly string[]) => {
    try {
      listener(changed, current);
    } catch (error) {
      // The others hear of it all the same, and the page hears of this, as of any error of a listener.
      queueMicrotask(() => {
        throw error;
      });
    }
  };

  const live: LiveFlags<F> = {
    get current() {
      return current;
    },
    refresh(headers) {
      const before = texts;
      texts = look();
      // All that is new has its say now, since it is no news the next time.
      for (const place of [...news(before, texts), ...(headers ? places(headers) : [])]) base = over(base, firstOf([place]));
      const next = shown<F>(base, values);
      const changed = difference(current, next);
      current = next;
      if (changed.length) for (const listener of [...listeners]) tell(listener, changed);
      return changed;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      stop.abort();
      open.delete(live);
    },
  };
  open.add(live);
  if (follow && typeof document !== 'undefined') {
    const again = () => void live.refresh();
    const { navigation, cookieStore } = globalThis as { navigation?: EventTarget; cookieStore?: EventTarget };
    const on = (target: EventTarget | undefined, type: string) =>
      target?.addEventListener(type, again, { signal: stop.signal });
    on(navigation, 'navigatesuccess');
    on(globalThis, 'popstate');
    // From the back/forward cache, and from another tab: what was decided since is in the cookie.
    on(globalThis, 'pageshow');
    on(document, 'visibilitychange');
    on(cookieStore, 'change');
  }
  return live;
}

/** The texts of the two sources that can change while a page lives. */
function look(): readonly [script?: string | undefined, cookie?: string | undefined] {
  const attempt = (read: () => string | undefined) => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  return [attempt(scriptText), attempt(cookieText)];
}

/** Where there is something that was not there before, what counts more last. A source that has gone is no news. */
function news([script, cookie]: ReturnType<typeof look>, [newScript, newCookie]: ReturnType<typeof look>): Place[] {
  const places: Place[] = [];
  if (newCookie !== cookie) places.push(['cookie', () => fromCookie(newCookie)]);
  if (newScript !== script) places.push(['script', () => fromScript(newScript)]);
  return places;
}

/**
 * What holds when `newer` has arrived. Flags that it does not have stay, because a response speaks only of the flags
 * that its route may tell; so does the value of a variant that came without one this time.
 */
function over(base: FlagData, newer: FlagData): FlagData {
  // A response that was overtaken by a later one is old news.
  if (newer.source === 'none' || newer.revision! < base.revision!) return base;
  const decisions = new Map(base.decisions);
  for (const [key, decision] of newer.decisions) {
    const held = decisions.get(key);
    decisions.set(key, held?.variant === decision.variant ? { ...held, ...decision } : decision);
  }
  // Whoever says the revision also says why the visitor is not known.
  const { revision, why } = newer.revision === undefined ? base : newer;
  return flagsOf(newer.source, { decisions, revision, why });
}

function shown<F>(base: FlagData, values: FlagTable | undefined): Flags<F> {
  return withValues(layers.length ? firstOf([['test', override]]) : base, values);
}

function difference(before: FlagData, after: FlagData): string[] {
  const text = (decision?: Decision) => JSON.stringify([decision?.variant, decision?.value]);
  const keys = new Set([...before.decisions.keys(), ...after.decisions.keys()]);
  return [...keys].filter((key) => text(before.decisions.get(key)) !== text(after.decisions.get(key)));
}
