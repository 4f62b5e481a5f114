/** `npm run -s imageworks -- …`: the command line from a clone, building what is stale, quietly. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { ensureInstalled, root } from './ensure-installed.mjs'

ensureInstalled()
const { buildIfStale } = await import('./build.mjs')
buildIfStale()
// npm runs scripts in the package's folder; paths the user typed are relative to where npm was called.
const child = spawn(process.execPath, [path.join(root, 'out/main/cli.js'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
