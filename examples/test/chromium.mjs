// Which Chromium the tests drive, and where its pictures and profiles go.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const executablePath = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path && existsSync(path))
export const skip = executablePath ? false : 'there is no Chromium; CHROMIUM names one, Debian has it as `chromium`'

/** Where pictures and profiles of this run are. */
export const folder = fileURLToPath(new URL('../../target/browser/', import.meta.url))
