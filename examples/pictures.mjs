// Takes the pictures of the examples that the documentation has; `cargo xtask pictures` calls it when everything is built.

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { executablePath } from './test/chromium.mjs'
import { close, pay } from './test/driver.mjs'
import { guard, TOKEN } from './test/guard.mjs'

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

// The health page, when there has been something to see for a minute.
const shop = await guard()
await shop.everything()
for (let tens = 1; tens <= 6; tens++) {
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  const some = 1 + (tens % 3)
  await shop.report({
    flag: 'new-checkout',
    revision: 7,
    control: [1800 + 90 * some, 3 + some, 110],
    treatment: [96 + 4 * some, some > 2 ? 1 : 0, 96],
  })
  await shop.report({
    flag: 'photo-reviews',
    stage: 1,
    revision: 7,
    control: [390 + 30 * some, some, 60],
    treatment: [130 + 10 * some, some > 1 ? 1 : 0, 64],
  })
}
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
for (const [name, look] of Object.entries({
  light: { width: 1280, height: 1500 },
  dark: { width: 1280, height: 1500 },
  phone: { width: 390, height: 1500 },
})) {
  const colorScheme = name === 'light' ? 'light' : 'dark'
  const context = await browser.newContext({
    viewport: look,
    colorScheme,
    httpCredentials: { username: 'docs', password: TOKEN },
  })
  const page = await context.newPage()
  await page.goto(`${shop.url}/_flagstone/`)
  await page.waitForSelector('.card')
  await page.screenshot({ path: `${folder}health-${name}.png` })
}
await browser.close()
await shop.ended()
