// The guard's Worker for tests: with a clock that they set, answers of the control document's object that are lost, decisions that
// nobody made, and a way to end the object at any moment, as a crash would. All are behind the guard's own door.

import { Guard as Real } from '../../../worker/guard/index.mjs'

export { default } from '../../../worker/guard/index.mjs'

export class Guard extends Real {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)')
  }

  /** What was set last, for good. */
  now() {
    return this.ctx.storage.sql.exec('SELECT at FROM clock').toArray()[0]?.at ?? super.now()
  }

  async control(key, body, headers) {
    const answer = await super.control(key, body, headers)
    if (body !== undefined && this.lost?.test(key)) throw new Error('the answer is lost')
    return answer
  }

  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/test/clock') {
      this.ctx.storage.sql.exec('INSERT OR REPLACE INTO clock VALUES (1, ?)', Number(await request.text()))
      return new Response()
    }
    if (pathname === '/test/lose') {
      this.lost = new RegExp(await request.text())
      return new Response()
    }
    if (pathname === '/test/decide') {
      const decisions = Array.from({ length: Number(await request.text()) }, (_, number) => `{"id":"${number}"}`)
      this.store.save({ states: [], decisions }, true)
      return new Response()
    }
    if (pathname === '/test/end') this.ctx.abort('a test wants it')
    return super.fetch(request)
  }
}
