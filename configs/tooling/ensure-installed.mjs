/** Installs what package-lock.json asks for when it is not there yet. Uses nothing but Node and npm. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')
const lockFile = path.join(root, 'package-lock.json')
// npm keeps here what it really installed.
const installedFile = path.join(root, 'node_modules', '.package-lock.json')

function packagesIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

/** Whether every package that this system needs is there in the version of the lock file. Optional ones depend on the system. */
function isComplete() {
  if (!existsSync(installedFile)) return false
  const installed = packagesIn(installedFile)
  return Object.entries(packagesIn(lockFile)).every(
    ([place, { version, optional }]) => place === '' || optional || installed[place]?.version === version,
  )
}

export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 18)) {
    console.error(`ImageWorks Studio needs Node 20.18 or newer; this is ${process.versions.node}.`)
    process.exit(1)
  }
  if (isComplete()) return
  console.error('Installing packages (the first time takes a minute or two) …')
  // npm tells its own script through npm_execpath; without it (run as plain node) the shim on PATH is used.
  const npmScript = process.env.npm_execpath
  const result = npmScript?.endsWith('.js')
    ? spawnSync(process.execPath, [npmScript, 'ci', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'], {
        cwd: root,
        stdio: ['ignore', 2, 2],
        shell: process.platform === 'win32',
      })
  if (result.status !== 0) {
    console.error('npm ci failed; the lines above say why. Nothing else was changed.')
    process.exit(result.status ?? 1)
  }
}
