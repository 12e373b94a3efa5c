// The origin of the React app: renders the page with the flags that the edge has told it.

import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const file = (path) => fileURLToPath(new URL(path, import.meta.url))
const { render } = createRequire(import.meta.url)('../build/pages/render.cjs')

const FILES = {
  '/app.js': ['text/javascript; charset=utf-8', file('../build/pages/app.js')],
  '/shop.css': ['text/css; charset=utf-8', file('../shop/shop.css')],
}

const page = (root) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Small shop</title>
    <meta name="viewport" content="width=device-width">
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/shop.css">
    <script src="/app.js" defer></script>
  </head>
  <body><div id="root">${root}</div></body>
</html>
`

export default function answer(request, response) {
  if (request.url === '/') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    return response.end(page(render(request.headers)))
  }
  const [type, path] = FILES[request.url] ?? []
  if (!path) return response.writeHead(404).end('There is no such page.\n')
  response.writeHead(200, { 'content-type': type })
  createReadStream(path).pipe(response)
}
