/** Installs what package-lock.json asks for when it is not there yet. Uses nothing but Node and npm. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')
const lockFile = path.join(root, 'package-lock.json')
const marker = path.join(root, 'node_modules', '.imageworks-installed')

export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 18)) {
    console.error(`ImageWorks Studio needs Node 20.18 or newer; this is ${process.versions.node}.`)
    process.exit(1)
  }
  const wanted = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  console.error('Installing packages (the first time takes a minute or two) …')
  // npm tells its own script through npm_execpath; without it (run as plain node) the shim on PATH is used.
  const npmScript = process.env.npm_execpath
  const result = npmScript?.endsWith('.js')
    ? spawnSync(process.execPath, [npmScript, 'ci', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (result.status !== 0) {
    console.error('npm ci failed; the lines above say why. Nothing else was changed.')
    process.exit(result.status ?? 1)
  }
  writeFileSync(marker, wanted)
}
