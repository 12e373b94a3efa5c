// The Durable Object that leads rollouts: one for all of a site's, since two would spend a rollout's error budget twice.
//
// It takes lines, looks, stores, and only then answers and publishes. What was answered is stored; what was not is sent again,
// and counts once. Whenever something fails in between, what is in memory is thrown away and read anew from the store.

import { DurableObject } from 'cloudflare:workers'
import { Desk } from './desk.mjs'
import { Store } from './store.mjs'
import { terms } from './terms.mjs'
import { Webhook } from './webhook.mjs'

/** Milliseconds for which the control document is taken as read. */
const FRESH = 1_000
/** Milliseconds for which lines are gathered: the more isolates, the fewer rows are written for each. */
const GATHER = 100
/** Milliseconds between two looks while a rollout is under way, and after something went wrong. */
const LOOK = 10_000
const AGAIN = 1_000
/** Where the health page is, and so many decisions are on it. */
const PAGE = '/_flagstone/'
const SHOWN = 50
/** Milliseconds that the control document's object may take. */
const PATIENCE = 5_000
/** The largest batch, in characters. */
const LARGEST = 8 << 20

const OVERTAKEN = 'somebody else has changed the control document at the same time'
const JSON_TYPE = 'application/json'
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const plain = (status, text, headers) => new Response(text, { status, headers: { 'cache-control': 'no-store', ...headers } })
const found = (text, type) => new Response(text, { headers: { 'content-type': type, 'cache-control': 'no-store' } })

export class Guard extends DurableObject {
  constructor(state, env) {
    super(state, env)
    this.store = new Store(state.storage)
    this.webhook = new Webhook(env.FLAGSTONE_GUARD_WEBHOOK, env.FLAGSTONE_GUARD_WEBHOOK_SECRET)
    this.last = Promise.resolve()
    /** Batches that came since the last turn. */
    this.waiting = []
    this.forget()
  }

  /** The time that rollouts go by. */
  now() {
    return Date.now()
  }

  /** Lines and questions, of whoever may reach the object. */
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/lines') {
      if (request.method !== 'POST') return plain(405, 'POST lines here\n', { allow: 'POST' })
      if (request.headers.has('content-encoding')) return plain(415, 'send lines uncompressed\n')
      const lines = await request.text()
      if (lines.length > LARGEST) return plain(413, 'at most 8 MiB\n')
      if (this.waiting.reduce((sum, { lines }) => sum + lines.length, lines.length) > 2 * LARGEST) return plain(503, 'the guard is busy\n')
      try {
        return found(await this.take(lines), JSON_TYPE)
      } catch (error) {
        return plain(503, `not saved, send it again: ${error.message}\n`)
      }
    }
    if (pathname.startsWith(PAGE)) return this.page(request, pathname)
    if (request.method !== 'GET') return plain(405, 'only GET\n', { allow: 'GET' })
    return this.answer(pathname)
  }

  async alarm() {
    await this.look()
  }

  /** Takes lines, with others that come at about the same time. Promises what came of them, as JSON, once that is stored. */
  take(lines) {
    return new Promise((stored, failed) => {
      this.waiting.push({ lines, stored, failed })
      if (this.waiting.length === 1) setTimeout(() => this.look(), GATHER)
    })
  }

  /** Looks, and takes the lines that wait. What goes wrong is in the log, and is tried again. */
  look() {
    return this.alone(() => this.turn(this.waiting.splice(0)))
  }

  /** Does something after whatever came before: what is in memory and the control document that was read belong together. */
  alone(work) {
    const done = this.last.then(work)
    this.last = done.catch(() => {})
    return done
  }

  async turn(batches) {
    let isFine = true
    const before = this.problem
    try {
      const now = this.now()
      this.desk ??= new Desk(now, terms(this.env), (id) => this.store.state(id))
      // Without a newer control document the one before counts; without any, nothing is taken.
      isFine = await this.follow(now).catch((error) => this.complain('the control document', error))
      this.warn(this.desk.follow(now))
      const taken = batches.map(({ lines }) => this.desk.take(lines, now))
      const { isLeading, ...changes } = this.desk.lead(now)
      this.store.save(changes, this.webhook.url !== undefined)
      this.isLeading = isLeading
      // What is answered waits until it is on a disk: the platform holds it back.
      batches.forEach(({ stored }, index) => stored(taken[index]))
      for (const event of changes.decisions) console.log(event)
      const isPublished = await this.publish(now).catch((error) => this.complain('the next step', error))
      isFine = isFine && isPublished
    } catch (error) {
      batches.forEach(({ failed }) => failed(error))
      isFine = this.complain('a turn', error)
      this.forget()
    }
    // What has just begun to go wrong is tried again soon.
    const wait = isFine || this.problem === before ? LOOK : AGAIN
    if (isFine) this.problem = undefined
    // A guard that does not know whether something is under way looks again too.
    if (this.isLeading || !isFine) await this.wake(wait)
    this.ctx.waitUntil(this.tell())
  }

  /** Reads the control document, if it is time, and its snapshot, if that is another one. */
  async follow(now) {
    if (Math.abs(now - this.looked) < FRESH) return true
    const response = await this.control('control')
    const bytes = await response.arrayBuffer()
    if (!response.ok) throw new Error(response.status === 404 ? 'there is none in the object' : `status ${response.status}`)
    const key = this.desk.control(new Uint8Array(bytes))
    if (key !== undefined) {
      const snapshot = await this.env.FLAGS.get(key, { type: 'arrayBuffer' })
      if (snapshot === null) throw new Error(`\`${key}\` is not in the store`)
      this.warn(this.desk.snapshot(new Uint8Array(snapshot)))
    }
    this.tag = response.headers.get('etag')
    this.looked = now
    return true
  }

  /** Puts the next steps into the control document, over the one that was read. What is not taken is decided again. */
  async publish(now) {
    const { text, audits } = this.desk.publish(crypto.randomUUID(), now)
    if (text !== null) await this.put(text, audits)
    return true
  }

  /** Writes the control document over the one that was read, and audit lines. Once it is there, nothing makes it a failure. */
  async put(text, audits) {
    this.looked = -Infinity
    const { status, ok } = await this.control('control', text, { 'if-match': this.tag }).catch(async (error) => {
      // Where an answer was lost, the document may be there all the same.
      const held = await this.control('control')
      if ((await held.text()) !== text) throw error
      return held
    })
    if (!ok) throw new Error(status === 412 ? OVERTAKEN : `the control document's object answers ${status}`)
    for (const { sequence, text } of audits) {
      try {
        const { status, ok } = await this.control(`audit/${String(sequence).padStart(15, '0')}`, text)
        if (!ok) throw new Error(`status ${status}`)
      } catch (error) {
        this.complain('the change is made, but its audit line is not kept', error)
      }
    }
  }

  /** Reads what the control document's object has under a key, or writes it. */
  control(key, body, headers) {
    const { CONTROL } = this.env
    if (CONTROL === undefined) throw new Error('there is no binding `CONTROL`')
    const object = CONTROL.get(CONTROL.idFromName('control'))
    const signal = AbortSignal.timeout(PATIENCE)
    return object.fetch(`https://control/${key}`, body === undefined ? { signal } : { method: 'PUT', body, headers, signal })
  }

  async answer(path) {
    if (path === '/decisions') return found(`[${this.store.decisions(100).join(',\n')}]\n`, JSON_TYPE)
    // What is under way is the control document's to say.
    await this.look()
    if (this.desk === undefined) return plain(503, `${this.problem}\n`)
    const text = this.desk.answer(path, this.store.untoldCount(), this.now())
    if (text === undefined) return plain(404, 'no such page\n')
    return found(text, path === '/metrics' ? METRICS_TYPE : JSON_TYPE)
  }

  /** Answers below the health page's path. */
  async page(request, path) {
    const { method, headers } = request
    const body = await request.text()
    await this.look()
    return this.alone(async () => {
      if (this.desk === undefined) return plain(503, `${this.problem}\n`)
      const now = this.now()
      // The look may have changed the document itself.
      await this.follow(now).catch((error) => this.complain('the control document', error))
      const asked = { method, path, site: headers.get('sec-fetch-site'), kind: headers.get('content-type'), body, mark: crypto.randomUUID(), decisions: this.store.decisions(SHOWN), problem: this.problem }
      const { status, kind, text, document, audits, ...answer } = this.desk.page(asked, now)
      if (document !== undefined) {
        try {
          await this.put(document, audits)
        } catch ({ message }) {
          return message === OVERTAKEN ? plain(409, `${OVERTAKEN}; look again\n`) : plain(502, `${message}\n`)
        }
      }
      return new Response(text, { status, headers: [['content-type', kind], ...answer.headers] })
    })
  }

  /** Tells the webhook what it has not heard. */
  async tell() {
    const wait = await this.webhook.deliver(this.store)
    if (wait !== undefined) await this.wake(wait)
  }

  /** Has the object looked at in so many milliseconds, or before. */
  async wake(milliseconds) {
    const at = Date.now() + milliseconds
    const set = await this.ctx.storage.getAlarm()
    if (set === null || set > at) await this.ctx.storage.setAlarm(at)
  }

  /** Says which rollouts are not guarded, and why. */
  warn(unfit) {
    for (const { flag, why } of unfit) console.warn(`flagstone: the rollout of \`${flag}\` is not guarded: ${why}`)
  }

  /** Says what is wrong, once. */
  complain(what, error) {
    const problem = `${what}: ${error.message}`
    if (problem !== this.problem) console.error('flagstone:', problem)
    this.problem = problem
    return false
  }

  /** Forgets what is in memory. */
  forget() {
    this.desk = undefined
    this.isLeading = false
    this.looked = -Infinity
  }
}
