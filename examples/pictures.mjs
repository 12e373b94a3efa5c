// Takes the pictures of the examples that the documentation has; `cargo xtask pictures` calls it when everything is built.

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { close, pay } from './test/driver.mjs'

const PICTURES = [
  { page: 'plain', variant: 'control', theme: 'light' },
  { page: 'react', variant: 'treatment', theme: 'dark' },
]
const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))

mkdirSync(folder, { recursive: true })
for (const { page: name, variant, theme } of PICTURES) {
  await pay({ host: 'workerd', source: 'script', page: name, variant }, async ({ page, context, visit, go }) => {
    await context.addCookies([{ name: 'theme', value: theme, url: visit.origin }])
    await go()
    await page.screenshot({ path: `${folder}${name}.png` })
  })
}
await close()
