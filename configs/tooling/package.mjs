/** `npm run package [-- --dir]`: builds the studio and packs it for this system; prints what the result weighs. */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ensureInstalled, root } from './ensure-installed.mjs'

ensureInstalled()
const { buildIfStale } = await import('./build.mjs')
buildIfStale()

// An unpacked Electron that is already here spares the download; its own version decides, not the package's.
const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH
const own = dist ? [`-c.electronDist=${dist}`, `-c.electronVersion=${readFileSync(path.join(dist, 'version'), 'utf8').trim().replace(/^v/, '')}`] : []
const result = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules/electron-builder/cli.js'),
    '--config',
    'electron-builder.yml',
    '--publish',
    'never',
    ...own,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
)
if (result.status !== 0) process.exit(result.status ?? 1)

function sizeOf(target) {
  const stat = lstatSync(target)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(target).reduce((sum, name) => sum + sizeOf(path.join(target, name)), 0)
}
const megabytes = (bytes) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`
const output = path.join(root, 'dist')
for (const name of readdirSync(output).sort()) {
  const target = path.join(output, name)
  console.log(`${megabytes(sizeOf(target)).padStart(10)}  dist/${name}`)
  for (const part of ['resources/app.asar', 'resources/app.asar.unpacked', 'resources/weights', 'resources/configs']) {
    if (existsSync(path.join(target, part))) console.log(`${megabytes(sizeOf(path.join(target, part))).padStart(10)}    ${part}`)
  }
}
