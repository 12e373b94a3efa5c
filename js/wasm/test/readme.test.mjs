// The programs of README.md run, and print what it says they print.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const blocks = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, block]) => block)
const cwd = fileURLToPath(new URL('../build', import.meta.url))

test('there are programs', () => assert.ok(blocks.length >= 3))

for (const [index, block] of blocks.entries()) {
  test(`program ${index + 1}`, () => {
    const expected = [...block.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line)
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', block], { cwd, encoding: 'utf8' })
    assert.deepEqual(printed.trimEnd().split('\n').filter(Boolean), expected)
  })
}
