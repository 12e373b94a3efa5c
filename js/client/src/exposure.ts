/**
 * Reports who was exposed to which variant: when a flag is read, not when it is delivered.
 *
 * @packageDocumentation
 */

import { flagsOf } from './flags.js';
import type { Decision, FlagData, Flags } from './types.js';

/** How exposures are reported. */
export interface ExposureOptions {
  /** Where to; the edge's own path unless said otherwise. */
  readonly endpoint?: string;
  /** Whether the visitor has consented, asked whenever something is about to be sent. Without, consent is not needed. */
  readonly consent?: () => boolean;
}

/** Notes what is read and reports it. */
export interface Exposures {
  /** Notes that a flag was read. Providers call this. */
  readonly read: (key: string, decision: Decision, flags: FlagData) => void;
  /** The same flags; reading one of them is noted. */
  of<F>(flags: Flags<F>): Flags<F>;
  /** Sends what has been noted, if it may be sent. Happens by itself when the page is hidden or left. */
  flush(): void;
  /** Begins a page view: what is read from now on counts again. For soft navigations that count as page views. */
  newView(): void;
  /** Sends what has been noted, and notes nothing more. */
  close(): void;
}

interface Noted {
  readonly flag: string;
  readonly variant: string;
  readonly revision: number | undefined;
  readonly view: string;
  readonly at: number;
}

/** Browsers take 64 KB of beacons at a time; a hundred flags with long names are a third of that. */
const BATCH = 100;

/**
 * Reports exposures to the edge: each flag and variant once a page view, in batches.
 *
 * Nothing is reported for pages that nobody has seen (prerendered, or opened in the background), for declared bots and
 * browsers under remote control, with Global Privacy Control, or without consent. What was read before a page is seen,
 * or before consent is given, is reported afterwards.
 *
 * ```ts
 * const exposures = reportExposures({ consent: () => cookieBanner.accepted });
 * const flags = exposures.of(readFlags());
 * ```
 */
export function reportExposures({
  endpoint = '/.flagstone/exposure',
  consent = () => true,
}: ExposureOptions = {}): Exposures {
  const stop = new AbortController();
  const seen: Set<string> = new Set();
  let noted: Noted[] = [];
  let view = newId();
  // When somebody first saw the page: before that, nobody was exposed to anything.
  let shown: number | undefined;

  const look = () => {
    // Not in every browser; where it is not, pages are not prerendered.
    const { prerendering } = document as { prerendering?: boolean };
    if (!prerendering && document.visibilityState === 'visible') shown ??= Date.now();
  };
  const flush = () => {
    if (shown === undefined || !noted.length || !consent()) return;
    const now = Date.now();
    while (noted.length) {
      const { view } = noted[0]!;
      const batch = noted.filter((exposure) => exposure.view === view).slice(0, BATCH);
      const exposures = batch.map(({ flag, variant, revision, at }) => ({
        flag,
        variant,
        revision,
        ago: Math.max(0, now - Math.max(at, shown!)),
      }));
      const body = new Blob([JSON.stringify({ version: 1, view, exposures })], { type: 'application/json' });
      // The browser's queue is full; there will be another time.
      if (!navigator.sendBeacon(endpoint, body)) return;
      noted = noted.filter((exposure) => !batch.includes(exposure));
    }
  };
  const read: Exposures['read'] = (flag, { variant }, { source, revision, why }) => {
    if (stop.signal.aborted || why || source === 'test') return;
    const { webdriver, globalPrivacyControl } = navigator as Navigator & { globalPrivacyControl?: boolean };
    if (webdriver || globalPrivacyControl) return;
    const once = JSON.stringify([flag, variant]);
    if (seen.has(once)) return;
    seen.add(once);
    noted.push({ flag, variant, revision, view, at: Date.now() });
  };

  if (typeof document === 'undefined') stop.abort();
  else {
    look();
    const on = (target: EventTarget, type: string, listener: () => void) =>
      target.addEventListener(type, listener, { signal: stop.signal });
    on(document, 'prerenderingchange', look);
    on(document, 'visibilitychange', () => (document.visibilityState === 'hidden' ? flush() : look()));
    // Not every browser hides a page before it leaves it.
    on(globalThis, 'pagehide', flush);
  }
  return {
    read,
    of: (flags) => flagsOf(flags.source, flags, (key, decision) => read(key, decision, flags)),
    flush,
    newView() {
      seen.clear();
      view = newId();
    },
    close() {
      flush();
      stop.abort();
    },
  };
}

/** Names a page view, so that the edge can tell a repetition. Made anew each time, it says nothing about the visitor. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
