import { Window } from 'happy-dom';

/** What a page has that tests are about. */
export interface PageParts {
  readonly html?: string;
  /** Of the page's own response, as browsers hand it over. */
  readonly serverTiming?: readonly { name: string; description: string }[];
  readonly cookie?: string;
  readonly navigator?: { webdriver?: boolean; globalPrivacyControl?: boolean };
  readonly prerendering?: boolean;
  readonly hidden?: boolean;
}

/** A page in happy-dom, with what it lacks of a browser. */
export interface Page {
  readonly window: Window;
  /** What the page sent by `sendBeacon`. */
  readonly beacons: { readonly url: string; readonly type: string; readonly body: Promise<unknown> }[];
  /** How many more beacons the browser takes. */
  room: number;
  navigation: EventTarget;
  cookieStore: EventTarget;
  setCookie(value: string): void;
  activate(): void;
  setHidden(hidden: boolean): void;
  leave(): void;
  [Symbol.dispose](): void;
}

const COOKIE = '__Host-flagstone-flags';

/** Puts a page in place of the globals of a browser, until it is disposed of. */
export function page(parts: PageParts = {}): Page {
  const window = new Window({ url: 'https://shop.example/cart' });
  window.document.write(`<!doctype html><head>${parts.html ?? ''}</head><body></body>`);
  const { document } = window;
  let { prerendering = false, hidden = false } = parts;
  Object.defineProperty(document, 'prerendering', { get: () => prerendering, configurable: true });
  Object.defineProperty(document, 'visibilityState', {
    get: () => (hidden || prerendering ? 'hidden' : 'visible'),
    configurable: true,
  });
  const result: Page = {
    window,
    beacons: [],
    room: Infinity,
    navigation: new EventTarget(),
    cookieStore: new EventTarget(),
    setCookie(value) {
      document.cookie = `${COOKIE}=${value}; Path=/; Secure`;
    },
    activate() {
      prerendering = false;
      document.dispatchEvent(new window.Event('prerenderingchange'));
      document.dispatchEvent(new window.Event('visibilitychange'));
    },
    setHidden(now) {
      hidden = now;
      document.dispatchEvent(new window.Event('visibilitychange'));
    },
    leave() {
      globalThis.dispatchEvent(new Event('pagehide'));
    },
    [Symbol.dispose]() {
      for (const [name, before] of saved) {
        if (before) Object.defineProperty(globalThis, name, before);
        else Reflect.deleteProperty(globalThis, name);
      }
      Reflect.deleteProperty(performance, 'getEntriesByType');
      void window.happyDOM.close();
    },
  };
  if (parts.cookie !== undefined) result.setCookie(parts.cookie);
  const events = new EventTarget();
  const globals: Record<string, unknown> = {
    document,
    navigation: result.navigation,
    cookieStore: result.cookieStore,
    navigator: {
      ...parts.navigator,
      sendBeacon(url: string, body: Blob) {
        if (result.room < 1) return false;
        result.room--;
        result.beacons.push({ url, type: body.type, body: body.text().then((text) => JSON.parse(text) as unknown) });
        return true;
      },
    },
    // A window is a target of events, Node's global object is none.
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    dispatchEvent: events.dispatchEvent.bind(events),
  };
  const saved = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  // React wants the rest of `performance` as it is.
  Object.assign(performance, {
    getEntriesByType: (type: string) => (type === 'navigation' ? [{ serverTiming: parts.serverTiming ?? [] }] : []),
  });
  return result;
}

/** The script element that the edge writes. */
export const script = (flags: object, more: object = {}): string =>
  `<script id="flagstone" type="application/json">${JSON.stringify({ version: 1, revision: 7, flags, ...more }).replaceAll('<', '\\u003c')}</script>`;
