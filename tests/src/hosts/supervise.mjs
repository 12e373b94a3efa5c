// Runs the command line it is given until standard input ends, for programs that would outlive us.

import { spawn } from 'node:child_process'

const [program, ...rest] = process.argv.slice(2)
const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit'] })
child.on('error', (error) => {
  console.error(`${program}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code) => process.exit(code ?? 1))
process.stdin.on('end', () => child.kill('SIGKILL')).resume()
