/** Builds out/ when a source is newer than the last build, or always with --force. Quiet unless it fails. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const root = path.resolve(import.meta.dirname, '../..')
const stamp = path.join(root, 'out', '.built')

function newestMs(target) {
  const stat = statSync(target)
  if (!stat.isDirectory()) return stat.mtimeMs
  // The folder's own time tells of removed and renamed files.
  return Math.max(stat.mtimeMs, ...readdirSync(target).map((name) => newestMs(path.join(target, name))))
}

export function isStale() {
  if (!existsSync(stamp)) return true
  const builtMs = statSync(stamp).mtimeMs
  return ['src-main', 'src-renderer', 'configs/tooling/electron.vite.config.ts', 'package-lock.json'].some(
    (name) => newestMs(path.join(root, name)) > builtMs,
  )
}

export function buildIfStale({ force = false } = {}) {
  if (!force && !isStale()) return
  const startedAt = new Date()
  const cli = path.join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  const result = spawnSync(process.execPath, [cli, 'build', '--config', 'configs/tooling/electron.vite.config.ts', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\nThe studio could not be built.\n`)
    process.exit(result.status ?? 1)
  }
  writeFileSync(stamp, `${startedAt.toISOString()}\n`)
  // A source saved while the build ran must count as newer than the build.
  utimesSync(stamp, startedAt, startedAt)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) buildIfStale({ force: process.argv.includes('--force') })
