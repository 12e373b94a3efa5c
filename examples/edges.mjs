// Starts edge runtimes in front of origins, by tests/examples/edges.rs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Edges that run until `end` is called, or this process ends. */
export function edges() {
  const program = ['run', '--quiet', '--example', 'edges']
  const child = spawn('cargo', program, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Map()
  const refuse = (error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  child.on('error', refuse)
  child.on('exit', () => refuse(new Error('the edges have ended')))
  child.stdin.on('error', refuse)
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, done, error } = JSON.parse(line)
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(done)
    else reject(new Error(error))
  })
  let orders = 0
  const order = (task) =>
    new Promise((resolve, reject) => {
      const id = ++orders
      waiting.set(id, { resolve, reject })
      child.stdin.write(JSON.stringify({ id, ...task }) + '\n')
    })
  return {
    pid: child.pid,
    /** Starts `workerd` or `viceroy` with a configuration in front of origins by name; gives its URL. */
    start: (setting) => order({ start: setting }),
    /** Publishes the next revision at the edge of this URL, with `kills` and `rollouts`; gives its number. */
    publish: (url, control = {}) => order({ publish: { url, control } }),
    /** What the edge of this URL has written. */
    log: (url) => order({ log: { url } }),
    async end() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/** Serves with `answer` on a free port of 127.0.0.1, until `close` is called. */
export async function origin(answer) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
