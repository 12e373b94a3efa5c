import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readFlags } from '@flagstone/client';
import type { Decision, Flags } from '@flagstone/client';
import { page, script } from './page.js';

interface HeaderCase {
  name: string;
  header: string;
  flags: { [key: string]: Decision } | null;
  revision?: number;
  why?: string;
}

const all = (flags: Flags) => Object.fromEntries(flags.decisions);

test('headers', async (t) => {
  const cases = JSON.parse(
    readFileSync(new URL('../../test/cases/header.json', import.meta.url), 'utf8'),
  ) as HeaderCase[];
  for (const { name, header, flags, revision, why } of cases) {
    await t.test(name, () => {
      const read = readFlags({ 'feature-flags': header });
      assert.equal(read.source, flags ? 'header' : 'none');
      assert.deepEqual(all(read), flags ?? {});
      assert.equal(read.revision, revision);
      assert.equal(read.why, why);
    });
  }
});

test('headers come in many forms', () => {
  const forms = {
    Headers: new Headers({ 'Feature-Flags': 'a=b, c=d' }),
    'several lines in Headers': new Headers([
      ['feature-flags', 'a=b'],
      ['Feature-Flags', 'c=d'],
    ]),
    IncomingHttpHeaders: { host: 'shop.example', 'feature-flags': 'a=b, c=d', 'set-cookie': ['x=y'], via: undefined },
    headersDistinct: { 'feature-flags': ['a=b', 'c=d'] },
    'a Map': new Map([['Feature-Flags', 'a=b, c=d']]),
    pairs: [
      ['FEATURE-FLAGS', 'a=b'],
      ['feature-flags', 'c=d'],
    ] as [string, string][],
  };
  for (const [name, headers] of Object.entries(forms)) {
    const flags = readFlags(headers);
    assert.equal(flags.source, 'header', name);
    assert.deepEqual(all(flags), { a: { variant: 'b' }, c: { variant: 'd' } }, name);
  }
  assert.equal(readFlags({}).source, 'none');
  assert.equal(readFlags(new Headers()).source, 'none');
  assert.equal(readFlags({ 'feature-flags': undefined }).source, 'none');
});

test('a duplicate on a later line counts', () => {
  assert.equal(readFlags({ 'feature-flags': ['a=b', 'a=c'] }).variant('a'), 'c');
});

test('a response says its revision, and why the visitor is not known', () => {
  const headers = {
    'Feature-Flags': 'a=b',
    'Flagstone-Status': 'flagstone; rev=12; id=none; why=bot; error="rev=1; why=x"',
  };
  const flags = readFlags(headers);
  assert.deepEqual([flags.variant('a'), flags.revision, flags.why], ['b', 12, 'bot']);
});

test('on a server without headers there is nothing', () => {
  const flags = readFlags();
  assert.equal(flags.source, 'none');
  assert.equal(flags.variant('a'), undefined);
  assert.equal(flags.value('a', 'fallback'), 'fallback');
  assert.equal(flags.decision('a'), undefined);
});

test('the script element comes first', () => {
  using _ = page({
    html: script({ a: { variant: 'on', value: true, reason: 'SPLIT' }, b: { variant: 'x', value: '</script><!--' } }),
    serverTiming: [{ name: 'flag-a', description: 'off' }],
    cookie: 'a=off',
  });
  const flags = readFlags();
  assert.equal(flags.source, 'script');
  assert.equal(flags.revision, 7);
  assert.deepEqual(flags.decision('a'), { variant: 'on', value: true, reason: 'SPLIT' });
  assert.equal(flags.value('a', false), true);
  assert.equal(flags.value('b', ''), '</script><!--');
});

test('values of another type than the fallback are not given', () => {
  using _ = page({ html: script({ a: { variant: 'on', value: true }, n: { variant: 'nil', value: null } }) });
  const flags = readFlags();
  assert.equal(flags.value('a', 'no'), 'no');
  assert.equal(flags.value('a', 0), 0);
  assert.equal(flags.value('n', {}), null);
});

const UNUSABLE = {
  'no JSON': '<script id="flagstone" type="application/json">{</script>',
  'another version': script({ a: { variant: 'on' } }, { version: 2 }),
  'no flags': '<script id="flagstone" type="application/json">{"version":1}</script>',
  'another type': '<script id="flagstone" type="text/plain">{"version":1,"flags":{}}</script>',
  'another element': '<div id="flagstone">{"version":1,"flags":{}}</div>',
};

for (const [name, html] of Object.entries(UNUSABLE)) {
  test(`a script element that is unusable: ${name}`, () => {
    using _ = page({ html, serverTiming: [{ name: 'flag-a', description: 'off' }] });
    assert.equal(readFlags().source, 'server-timing');
  });
}

test('a flag that is unusable in a script element costs only itself', () => {
  using _ = page({ html: script({ a: { value: 1 }, b: null, c: { variant: 'on' } }) });
  assert.deepEqual(all(readFlags()), { c: { variant: 'on' } });
});

test('Server-Timing comes second', () => {
  using _ = page({
    serverTiming: [
      { name: 'cache', description: 'HIT' },
      { name: 'flagstone', description: '12;why=consent' },
      { name: 'flag-new-checkout', description: 'treatment' },
      { name: 'flag-Caf%C3%A9%20menu', description: '1st%2C%20%22new%22' },
      { name: 'flag-broken', description: '100%' },
    ],
    cookie: 'new-checkout=control',
  });
  const flags = readFlags();
  assert.equal(flags.source, 'server-timing');
  assert.equal(flags.revision, 12);
  assert.equal(flags.why, 'consent');
  assert.deepEqual(all(flags), {
    'new-checkout': { variant: 'treatment' },
    'Café menu': { variant: '1st, "new"' },
  });
});

test('a Server-Timing of others is none of ours', () => {
  using _ = page({ serverTiming: [{ name: 'cache', description: 'HIT' }], cookie: 'a=b' });
  assert.equal(readFlags().source, 'cookie');
});

test('the cookie comes third', () => {
  using opened = page({
    cookie: '*=7%2C%20a=on%3Bv=?1%3Br=split%2C%20b=%22summer%20sale%22%2C%20c=%25%22caf%25c3%25a9%22',
  });
  opened.window.document.cookie = 'other=1';
  const flags = readFlags();
  assert.equal(flags.source, 'cookie');
  assert.equal(flags.revision, 7);
  assert.deepEqual(all(flags), {
    a: { variant: 'on', value: true, reason: 'SPLIT' },
    b: { variant: 'summer sale' },
    c: { variant: 'café' },
  });
});

test('a cookie that is malformed is absent', () => {
  for (const cookie of ['%', 'a=', '%22']) {
    using _ = page({ cookie });
    assert.equal(readFlags().source, 'none', cookie);
  }
});

test('where reading a cookie is forbidden there is nothing', () => {
  using opened = page();
  Object.defineProperty(opened.window.document, 'cookie', {
    get() {
      throw new Error('SecurityError');
    },
  });
  assert.equal(readFlags().source, 'none');
});
