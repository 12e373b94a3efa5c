// The origin of the plain page: files that are the same for everybody. It does not know that there are flags.

import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = (path) => fileURLToPath(new URL(path, import.meta.url))
const FILES = {
  '/': ['text/html; charset=utf-8', file('index.html')],
  '/flags.js': ['text/javascript; charset=utf-8', file('../build/pages/flags.js')],
  '/shop.css': ['text/css; charset=utf-8', file('../shop/shop.css')],
}

export default function answer(request, response) {
  const [type, path] = FILES[request.url] ?? []
  if (!path) return response.writeHead(404).end('There is no such page.\n')
  response.writeHead(200, { 'content-type': type })
  createReadStream(path).pipe(response)
}
