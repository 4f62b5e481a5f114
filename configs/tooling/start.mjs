/** `npm start [-- <folder> …] [--browser] [--no-open]`: installs, builds and opens the studio in the best window this machine has. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { ensureInstalled, root } from './ensure-installed.mjs'

ensureInstalled()
const { buildIfStale } = await import('./build.mjs')
buildIfStale()

const { findElectron } = await import('./find-electron.mjs')
const given = process.argv.slice(2)
const wantsBrowser = given.includes('--browser')
const rest = given.filter((word) => word !== '--browser')
const electron = wantsBrowser ? { reason: 'you asked for the browser' } : findElectron({ fetch: true })

// Chromium's sandbox cannot run as root; everybody else keeps it.
const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
const [command, args] = electron.executable
  ? [electron.executable, [root, ...sandbox, ...rest.filter((word) => word !== '--no-open').map((word) => path.resolve(word))]]
  : [process.execPath, [path.join(root, 'out/main/serve.js'), ...rest]]
if (!electron.executable) console.error(`Opening the studio in your browser, because ${electron.reason}.`)

const child = spawn(command, args, { cwd: process.cwd(), stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
