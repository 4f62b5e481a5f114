/** Path of an Electron executable that can run here, or the reason why there is none. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './ensure-installed.mjs'

const packageFolder = path.join(root, 'node_modules', 'electron')
const failedMarker = path.join(root, 'node_modules', '.cache', 'electron-unavailable')
const DAY_MS = 86_400_000
const FETCH_TIMEOUT_MS = 180_000

const executableName = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform] ?? 'electron'

function installed() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const folder = override || path.join(packageFolder, 'dist')
  const executable = path.join(folder, executableName)
  return existsSync(executable) ? executable : undefined
}

/** @param {{ fetch: boolean }} options Whether a missing binary may be downloaded (tried at most once a day). */
export function findElectron({ fetch }) {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return { reason: 'there is no display' }
  const found = installed()
  if (found) return { executable: found }
  if (!fetch) return { reason: "Electron's binary is not installed" }
  if (existsSync(failedMarker) && Date.now() - statSync(failedMarker).mtimeMs < DAY_MS) return { reason: readFileSync(failedMarker, 'utf8') }
  console.error("Fetching Electron's binary (once) …")
  const result = spawnSync(process.execPath, [path.join(packageFolder, 'install.js')], {
    cwd: packageFolder,
    stdio: 'ignore',
    timeout: FETCH_TIMEOUT_MS,
  })
  const fetched = result.status === 0 ? installed() : undefined
  if (fetched) return { executable: fetched }
  const reason = "Electron's binary could not be fetched"
  mkdirSync(path.dirname(failedMarker), { recursive: true })
  writeFileSync(failedMarker, reason)
  return { reason }
}
