// A page that is larger than any memory that an edge would have for it.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { after, test } from 'node:test'
import { close, expect, HOSTS, pid } from './driver.mjs'
import { FIRST } from './origin.mjs'

const MB = 1_000_000
const SIZE = 200 * MB
/** More than the runtimes' own buffers between two sockets, far less than a page. */
const ROOM = 32 * MB

after(close)

for (const host of HOSTS) {
  test(`200 MB stream through: ${host}`, { timeout: 60_000 }, async () => {
    await get(host, 2 * MB)
    const memory = measure(host)
    await get(host, SIZE)
    const more = memory()
    assert.ok(more < ROOM, `${more} bytes more for ${SIZE} bytes of page`)
  })
}

/** Gets a page whose second chunk comes when the first has arrived, and compares what was sent with what arrived. */
async function get(host, size) {
  const visit = await expect('stream', host, 'script')
  visit.size = size
  const { port, host: name } = new URL(visit.origin)
  const headers = { host: name, 'sec-fetch-mode': 'navigate', 'x-user-id': visit.users.treatment }
  const [response] = await once(request({ port, headers }).end(), 'response')
  const hash = createHash('sha256')
  const chunks = response[Symbol.asyncIterator]()
  let head = ''
  while (!head.endsWith(FIRST.slice(-20))) head += (await chunks.next()).value
  const element = /<script id="flagstone".*?<\/script>/.exec(head)?.[0] ?? ''
  assert.match(element, /"new-checkout":\{"variant":"treatment"/)
  hash.update(head.replace(element, ''))
  visit.release()
  for await (const chunk of chunks) hash.update(chunk)
  assert.equal(hash.digest('hex'), visit.digest)
}

/** Says by how many bytes a runtime has grown at most since. Elsewhere than on Linux it says nothing. */
function measure(host) {
  if (!existsSync('/proc/self/clear_refs')) return () => 0
  const runtimes = descendants(pid()).filter((id) => read(id, 'comm').trim() === host)
  assert.ok(runtimes.length, `no process is called ${host}`)
  const bytes = (id, line) => 1024 * Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(read(id, 'status'))[1])
  const sum = (line) => runtimes.reduce((total, id) => total + bytes(id, line), 0)
  // The highest so far becomes what it is now.
  for (const id of runtimes) writeFileSync(`/proc/${id}/clear_refs`, '5')
  const before = sum('VmRSS')
  return () => sum('VmHWM') - before
}

/** A process and what it has started. */
function descendants(parent) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  // Behind the program's name, which may have brackets itself: the state, then the parent.
  const children = all.filter((id) => Number(/^.*\) \w (\d+)/s.exec(read(id, 'stat'))?.[1]) === parent)
  return [parent, ...children.flatMap((id) => descendants(Number(id)))]
}

/** What the kernel says of a process; nothing, if it has ended. */
function read(id, file) {
  try {
    return readFileSync(`/proc/${id}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
