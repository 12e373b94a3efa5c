import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlags } from '@flagstone/client';
import { reportExposures } from '@flagstone/client/exposure';
import { setFlags } from '@flagstone/client/testing';
import { page, script } from './page.js';
import type { Page, PageParts } from './page.js';

const HTML = script({ a: { variant: 'on', value: true }, b: { variant: 'x', value: 'X' }, c: { variant: 'y' } });

interface Body {
  version: number;
  view: string;
  exposures: { flag: string; variant: string; revision: number; ago: number }[];
}

const bodies = async (opened: Page): Promise<Body[]> =>
  Promise.all(opened.beacons.map(({ body }) => body as Promise<Body>));
const pairs = (body: Body | undefined) => body?.exposures.map(({ flag, variant }) => `${flag}=${variant}`);

test('what was read is reported when the page is hidden, once', async () => {
  using opened = page({ html: HTML });
  const exposures = reportExposures();
  const flags = exposures.of(readFlags());
  assert.equal(flags.value('a', false), true);
  assert.equal(flags.value('a', false), true);
  assert.equal(flags.variant('b'), 'x');
  opened.setHidden(true);
  opened.leave();
  const [body, ...more] = await bodies(opened);
  assert.deepEqual(more, []);
  assert.equal(opened.beacons[0]?.url, '/.flagstone/exposure');
  assert.equal(opened.beacons[0]?.type, 'application/json');
  assert.match(body?.view ?? '', /^[\da-f]{16}$/);
  const ago = body?.exposures.map((exposure) => exposure.ago) ?? [];
  assert.ok(ago.every((ms) => ms >= 0 && ms < 10_000));
  assert.deepEqual(body, {
    version: 1,
    view: body?.view,
    exposures: [
      { flag: 'a', variant: 'on', revision: 7, ago: ago[0] },
      { flag: 'b', variant: 'x', revision: 7, ago: ago[1] },
    ],
  });
  exposures.close();
});

test('what was delivered but not used is not reported', () => {
  using opened = page({ html: HTML });
  const exposures = reportExposures();
  const flags = exposures.of(readFlags());
  flags.value('a', 'of another type');
  flags.value('c', 'without a value');
  flags.variant('absent');
  flags.decisions.get('b');
  exposures.close();
  assert.deepEqual(opened.beacons, []);
});

test('a page view is a new one when it is said to be', async () => {
  using opened = page({ html: HTML });
  const exposures = reportExposures({ endpoint: '/elsewhere' });
  const flags = exposures.of(readFlags());
  flags.variant('a');
  exposures.newView();
  flags.variant('a');
  flags.variant('b');
  exposures.flush();
  const [first, second] = await bodies(opened);
  assert.deepEqual([pairs(first), pairs(second)], [['a=on'], ['a=on', 'b=x']]);
  assert.notEqual(first?.view, second?.view);
  assert.equal(opened.beacons[1]?.url, '/elsewhere');
  exposures.close();
});

test('what the browser does not take is sent later, in parts', async () => {
  using opened = page({
    html: script(Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`f${n}`, { variant: 'on' }]))),
  });
  const exposures = reportExposures();
  const flags = exposures.of(readFlags());
  for (const key of flags.decisions.keys()) flags.variant(key);
  opened.room = 1;
  exposures.flush();
  opened.room = 9;
  opened.setHidden(true);
  const sizes = (await bodies(opened)).map((body) => body.exposures.length);
  assert.deepEqual(sizes, [100, 100, 50]);
  exposures.close();
});

const NOBODY: Record<string, { parts?: PageParts; more?: object; consent?: () => boolean }> = {
  'a browser under remote control': { parts: { navigator: { webdriver: true } } },
  'Global Privacy Control': { parts: { navigator: { globalPrivacyControl: true } } },
  'a bot, says the edge': { more: { why: 'bot' } },
  'no consent at the edge': { more: { why: 'consent' } },
  'no consent here': { consent: () => false },
  'a prerendered page that nobody looks at': { parts: { prerendering: true } },
  'a tab in the background that nobody looks at': { parts: { hidden: true } },
};

for (const [name, { parts, more, consent }] of Object.entries(NOBODY)) {
  test(`nothing is reported: ${name}`, () => {
    using opened = page({ ...parts, html: script({ a: { variant: 'on' } }, more) });
    const exposures = reportExposures(consent && { consent });
    exposures.of(readFlags()).variant('a');
    opened.leave();
    exposures.close();
    assert.deepEqual(opened.beacons, []);
  });
}

test('a prerendered page is reported once it is shown, from then on', async () => {
  using opened = page({ html: HTML, prerendering: true });
  const exposures = reportExposures();
  exposures.of(readFlags()).variant('a');
  opened.leave();
  assert.deepEqual(opened.beacons, []);
  await new Promise((resolve) => setTimeout(resolve, 60));
  opened.activate();
  opened.setHidden(true);
  const [body] = await bodies(opened);
  assert.deepEqual(pairs(body), ['a=on']);
  assert.ok(body!.exposures[0]!.ago < 50, 'the time before counts for nothing');
  exposures.close();
});

test('what was read before consent is reported after it', async () => {
  using opened = page({ html: HTML });
  let accepted = false;
  const exposures = reportExposures({ consent: () => accepted });
  exposures.of(readFlags()).variant('a');
  exposures.flush();
  assert.deepEqual(opened.beacons, []);
  accepted = true;
  exposures.flush();
  assert.deepEqual(pairs((await bodies(opened))[0]), ['a=on']);
  exposures.close();
});

test('what a test sets is not reported', () => {
  using opened = page({ html: HTML });
  using _ = setFlags({ a: 'on' });
  const exposures = reportExposures();
  exposures.of(readFlags()).variant('a');
  exposures.close();
  assert.deepEqual(opened.beacons, []);
});

test('where there is no page nothing happens', () => {
  const exposures = reportExposures();
  exposures.of(readFlags({ 'feature-flags': 'a=on' })).variant('a');
  exposures.close();
});
