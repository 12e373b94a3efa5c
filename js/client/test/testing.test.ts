import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlags } from '@flagstone/client';
import { liveFlags } from '@flagstone/client/live';
import { setFlags } from '@flagstone/client/testing';
import { page, script } from './page.js';

test('everything reads what a test sets, and what was there before afterwards', () => {
  using _ = page({ html: script({ a: { variant: 'off', value: false }, b: { variant: 'x' } }) });
  const live = liveFlags();
  const changes: (readonly string[])[] = [];
  live.subscribe((changed) => changes.push(changed));
  const restore = setFlags({ a: { variant: 'on', value: true } });
  for (const flags of [readFlags(), readFlags({ 'feature-flags': 'a=off' }), live.current]) {
    assert.equal(flags.source, 'test');
    assert.equal(flags.value('a', false), true);
    assert.equal(flags.variant('b'), undefined, 'only what the test sets');
  }
  restore();
  restore();
  assert.equal(readFlags().source, 'script');
  assert.equal(live.current.value('a', true), false);
  assert.deepEqual(changes, [
    ['a', 'b'],
    ['a', 'b'],
  ]);
  live.close();
});

test('later ones lie over earlier ones, and each goes for itself', () => {
  const first = setFlags({ a: 'one', b: 'one' });
  const second = setFlags({ a: 'two' });
  assert.equal(readFlags().variant('a'), 'two');
  assert.equal(readFlags().variant('b'), 'one');
  first();
  assert.equal(readFlags().variant('b'), undefined);
  assert.equal(readFlags().variant('a'), 'two');
  second();
  assert.equal(readFlags().source, 'none');
});

test('`using` takes them back', () => {
  {
    using _ = setFlags({ a: 'on' });
    assert.equal(readFlags().variant('a'), 'on');
  }
  assert.equal(readFlags().source, 'none');
});

test('variant, value or both', () => {
  const values = { a: { control: false, treatment: true }, c: { eur: 'EUR' } };
  using _ = setFlags(
    { a: true, b: 12, c: 'eur', d: { value: { deep: 1 } }, e: { variant: 'x', reason: 'SPLIT' } },
    values,
  );
  assert.deepEqual(Object.fromEntries(readFlags().decisions), {
    a: { reason: 'STATIC', variant: 'treatment', value: true },
    b: { reason: 'STATIC', variant: '12', value: 12 },
    c: { reason: 'STATIC', variant: 'eur', value: 'EUR' },
    d: { reason: 'STATIC', variant: '{"deep":1}', value: { deep: 1 } },
    e: { reason: 'SPLIT', variant: 'x' },
  });
});
