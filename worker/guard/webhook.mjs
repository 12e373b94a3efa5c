// Tells a webhook of decisions: each at least once, in their order, signed as Standard Webhooks are (HMAC-SHA256 over id, time
// and body).

/** Milliseconds between two attempts, doubled each time. */
const PAUSE = 1_000
const LONGEST_PAUSE = 300_000
/** Milliseconds that an attempt may take. */
const PATIENCE = 15_000

const encoder = new TextEncoder()

export class Webhook {
  /** @param secret in base64, behind `whsec_` or not; undefined if nothing is signed */
  constructor(url, secret) {
    this.url = url
    this.secret = secret?.trim().replace(/^whsec_/, '')
    this.pause = PAUSE
    this.retryAt = 0
    this.isBusy = false
  }

  /** Tells what is in the store; in how many milliseconds it is to be called again, undefined if it need not be. */
  async deliver(store) {
    if (this.isBusy || this.url === undefined) return undefined
    const wait = this.retryAt - Date.now()
    if (wait > 0) return store.untold() && wait
    this.isBusy = true
    try {
      for (let next; (next = store.untold()) !== undefined; store.told(next.number)) {
        if (!(await this.post(next.event))) {
          const { pause } = this
          this.retryAt = Date.now() + pause
          this.pause = Math.min(2 * pause, LONGEST_PAUSE)
          return pause
        }
        this.pause = PAUSE
      }
      return undefined
    } finally {
      this.isBusy = false
    }
  }

  async post(event) {
    try {
      const { id } = JSON.parse(event)
      const seconds = String(Math.floor(Date.now() / 1_000))
      const headers = { 'content-type': 'application/cloudevents+json', 'webhook-id': id, 'webhook-timestamp': seconds }
      if (this.secret !== undefined) headers['webhook-signature'] = await signature(this.secret, id, seconds, event)
      const signal = AbortSignal.timeout(PATIENCE)
      const response = await fetch(this.url, { method: 'POST', headers, body: event, signal, redirect: 'manual' })
      await response.body?.cancel()
      if (!response.ok) console.error(`flagstone: the webhook answers ${response.status}`)
      return response.ok
    } catch (error) {
      console.error('flagstone: the webhook:', error)
      return false
    }
  }
}

async function signature(secret, id, seconds, body) {
  const bytes = Uint8Array.from(atob(secret), (letter) => letter.charCodeAt(0))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signed = await crypto.subtle.sign('HMAC', key, encoder.encode(`${id}.${seconds}.${body}`))
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(signed)))}`
}
