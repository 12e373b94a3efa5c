import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlags } from '@flagstone/client';
import { liveFlags, refresh, withValues } from '@flagstone/client/live';
import type { LiveFlags } from '@flagstone/client/live';
import { page, script } from './page.js';

/** The keys of each change that was announced. */
function announced(live: LiveFlags): string[][] {
  const all: string[][] = [];
  live.subscribe((changed, flags) => {
    assert.equal(flags, live.current);
    all.push([...changed]);
  });
  return all;
}

const FIRST = { a: { variant: 'off', value: false }, b: { variant: 'x', value: 'X' } };

test('a soft navigation that brings another script element', () => {
  using opened = page({ html: script(FIRST) });
  const live = liveFlags();
  const changes = announced(live);
  opened.window.document.head.innerHTML = script({ a: { variant: 'on', value: true } }, { revision: 8 });
  assert.equal(live.current.value('a', false), false);
  opened.navigation.dispatchEvent(new Event('navigatesuccess'));
  assert.deepEqual(changes, [['a']]);
  assert.equal(live.current.value('a', false), true);
  assert.equal(live.current.revision, 8);
  // The new page tells of fewer flags; that says nothing about the others.
  assert.equal(live.current.value('b', ''), 'X');
  live.close();
});

const OCCASIONS = {
  'a soft navigation': (opened) => opened.navigation.dispatchEvent(new Event('navigatesuccess')),
  'back without the Navigation API': () => globalThis.dispatchEvent(new Event('popstate')),
  'back to a page that was kept': () => globalThis.dispatchEvent(new Event('pageshow')),
  'the tab is shown again': (opened) => opened.setHidden(false),
  'the cookie has changed': (opened) => opened.cookieStore.dispatchEvent(new Event('change')),
  'refresh()': () => refresh(),
} satisfies Record<string, (opened: ReturnType<typeof page>) => void>;

for (const [name, happens] of Object.entries(OCCASIONS)) {
  test(`a newer cookie is taken over: ${name}`, () => {
    using opened = page({ html: script(FIRST), cookie: '*=7%2C%20a=off' });
    const live = liveFlags();
    const changes = announced(live);
    happens(opened);
    assert.deepEqual(changes, [], 'nothing has changed yet');
    opened.setCookie('*=8%2C%20a=on%3Bv=?1%2C%20b=x');
    happens(opened);
    assert.deepEqual(changes, [['a']]);
    assert.equal(live.current.source, 'cookie');
    // The variant is the same and came without its value, which is therefore known.
    assert.equal(live.current.value('b', ''), 'X');
    happens(opened);
    assert.equal(changes.length, 1);
    live.close();
    opened.setCookie('*=9%2C%20a=off');
    happens(opened);
    assert.equal(changes.length, 1, 'closed');
  });
}

test('a cookie that was there before the page is no news', () => {
  using opened = page({ html: script(FIRST), cookie: '*=9%2C%20a=on' });
  const live = liveFlags();
  opened.navigation.dispatchEvent(new Event('navigatesuccess'));
  assert.equal(live.current.variant('a'), 'off');
  live.close();
});

test('a response of an older revision is no news', () => {
  using _ = page({ html: script(FIRST) });
  const live = liveFlags();
  const old = { 'feature-flags': 'a=on;v=?1', 'flagstone-status': 'flagstone; rev=6' };
  assert.deepEqual(live.refresh(old), []);
  assert.deepEqual(live.refresh({ ...old, 'flagstone-status': 'flagstone; rev=7; id=cookie' }), ['a']);
  assert.deepEqual(live.refresh({}), [], 'a response without flags says nothing');
  assert.equal(live.current.value('a', false), true);
  live.close();
});

test('a visitor who is not known stays so until somebody who knows says otherwise', () => {
  using _ = page({ html: script(FIRST, { why: 'consent' }) });
  const live = liveFlags();
  live.refresh({ 'feature-flags': 'a=on;v=?1' });
  assert.equal(live.current.why, 'consent');
  assert.equal(live.current.revision, 7);
  live.refresh({ 'feature-flags': 'a=on;v=?1', 'flagstone-status': 'flagstone; rev=7; id=cookie' });
  assert.equal(live.current.why, undefined);
  live.close();
});

const element = (revision: number, variant: string) => (opened: ReturnType<typeof page>) => {
  opened.window.document.head.innerHTML = script({ a: { variant } }, { revision });
};
const cookie = (revision: number, variant: string) => (opened: ReturnType<typeof page>) =>
  opened.setCookie(`*=${revision}%2C%20a=${variant}`);
const about = (revision: number, flags: string) => ({ 'feature-flags': flags, 'flagstone-status': `flagstone; rev=${revision}` });

/** All that is new counts when it is looked at, since later it is new no more. */
const SEVERAL = {
  'a cookie, and a response without flags': [[cookie(8, 'on')], {}, 'on', 8],
  'a cookie, and a response about another flag': [[cookie(8, 'on')], about(8, 'c=x'), 'on', 8],
  'a script element, and an older response': [[element(9, 'on')], about(8, 'a=off'), 'on', 9],
  'a cookie, and a newer response': [[cookie(8, 'off')], about(9, 'a=on'), 'on', 9],
  'a cookie, and an older script element': [[element(6, 'off'), cookie(9, 'on')], undefined, 'on', 9],
  'a cookie, and a script element before it': [[element(8, 'off'), cookie(9, 'on')], undefined, 'on', 9],
  'a script element, and a cookie before it': [[element(9, 'on'), cookie(8, 'off')], undefined, 'on', 9],
  'both of one revision': [[element(8, 'on'), cookie(8, 'off')], undefined, 'on', 8],
} as const;

for (const [name, [happens, headers, variant, revision]] of Object.entries(SEVERAL)) {
  test(`several are new at once: ${name}`, () => {
    using opened = page({ html: script(FIRST), cookie: '*=7%2C%20a=off' });
    const live = liveFlags();
    for (const happen of happens) happen(opened);
    live.refresh(headers);
    assert.deepEqual([live.current.variant('a'), live.current.revision], [variant, revision]);
    live.close();
  });
}

test('a listener that throws keeps nothing from the others', (context) => {
  using opened = page({ cookie: 'a=off' });
  const later = context.mock.method(globalThis, 'queueMicrotask', () => {});
  const [first, second] = [liveFlags(), liveFlags()];
  const mistake = new Error('not today');
  first.subscribe(() => {
    throw mistake;
  });
  const heard = [announced(first), announced(second)];
  opened.setCookie('a=on');
  refresh();
  assert.deepEqual(heard, [[['a']], [['a']]]);
  const [thrown] = later.mock.calls;
  assert.throws(() => thrown?.arguments[0]!(), mistake);
  first.close();
  second.close();
});

test('a listener that has it look again leaves nobody with what was before', () => {
  using opened = page({ cookie: 'a=off' });
  const live = liveFlags();
  live.subscribe((changed) => {
    if (changed.includes('a')) live.refresh({ 'feature-flags': 'b=on' });
  });
  // What is announced is compared with what holds.
  const heard = announced(live);
  opened.setCookie('a=on');
  refresh();
  assert.deepEqual(heard.flat().sort(), ['a', 'b']);
  live.close();
});

test('a source that has gone is no news', () => {
  using opened = page({ html: script(FIRST) });
  const live = liveFlags();
  opened.window.document.head.innerHTML = '';
  assert.deepEqual(live.refresh(), []);
  assert.equal(live.current.variant('b'), 'x');
  live.close();
});

test('without following, only refresh changes anything', () => {
  using opened = page({ cookie: 'a=off' });
  const live = liveFlags({ follow: false });
  opened.setCookie('a=on');
  opened.navigation.dispatchEvent(new Event('navigatesuccess'));
  assert.equal(live.current.variant('a'), 'off');
  refresh();
  assert.equal(live.current.variant('a'), 'on');
  live.close();
});

test('a listener can be taken away', () => {
  using opened = page({ cookie: 'a=off' });
  const live = liveFlags();
  let heard = 0;
  const forget = live.subscribe(() => heard++);
  forget();
  opened.setCookie('a=on');
  refresh();
  assert.equal(heard, 0);
  live.close();
});

test('it can begin with the flags of a request', () => {
  const live = liveFlags({ flags: readFlags({ 'feature-flags': 'a=on;v=?1' }) });
  assert.equal(live.current.value('a', false), true);
  live.close();
});

test('values from a table', () => {
  const table = { a: { on: true, off: false }, constructor: { x: 1 } };
  const flags = withValues(readFlags({ 'feature-flags': 'a=on, b=on, constructor=x, valueof=x' }), table);
  assert.equal(flags.value('a', false), true);
  assert.equal(flags.value('b', 'none'), 'none');
  assert.equal(flags.value('constructor', 0), 1);
  assert.equal(flags.value('valueof', 0), 0);
  assert.equal(
    withValues(readFlags({ 'feature-flags': 'a=on;v=?0' }), table).value('a', true),
    false,
    'delivered values win',
  );
});
