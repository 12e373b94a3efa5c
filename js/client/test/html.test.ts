import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlags } from '@flagstone/client';
import { scriptElement } from '@flagstone/client/html';
import { page } from './page.js';

test('what a server read, a browser reads, as far as it may', () => {
  const text = 'v="</script><!--<script>"';
  const flags = readFlags({ 'feature-flags': `*=7;why=gpc, a=on;v=?1;r=split, b="x y";${text}, secret=on` });
  const html = scriptElement(flags, ['a', 'b', 'absent']);
  using _ = page({ html });
  const read = readFlags();
  assert.equal(read.source, 'script');
  assert.deepEqual([read.revision, read.why], [7, 'gpc']);
  assert.deepEqual(Object.fromEntries(read.decisions), {
    a: { variant: 'on', value: true, reason: 'SPLIT' },
    b: { variant: 'x y', value: '</script><!--<script>' },
  });
});

test('without anything it says so', () => {
  assert.equal(
    scriptElement(readFlags({}), ['a']),
    '<script id="flagstone" type="application/json">{"version":1,"flags":{}}</script>',
  );
});
