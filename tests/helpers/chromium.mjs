/** Finds a Chromium that is installed on this machine; nothing is downloaded. */
import { existsSync } from 'node:fs'
import path from 'node:path'

function* candidates() {
  const named = process.env['IMAGEWORKS_CHROMIUM']
  if (named) yield named
  const { platform, env } = process
  if (platform === 'win32') {
    for (const base of [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']]) {
      if (!base) continue
      yield path.join(base, 'Google', 'Chrome', 'Application', 'chrome.exe')
      yield path.join(base, 'Microsoft', 'Edge', 'Application', 'msedge.exe')
      yield path.join(base, 'Chromium', 'Application', 'chrome.exe')
    }
  } else if (platform === 'darwin') {
    yield '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
    yield '/Applications/Chromium.app/Contents/MacOS/Chromium'
    yield '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'
  } else {
    const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable']
    for (const folder of ['/usr/bin', '/usr/local/bin', '/snap/bin']) for (const name of names) yield path.join(folder, name)
    yield '/opt/google/chrome/chrome'
    yield '/opt/microsoft/msedge/msedge'
  }
}

/** Path of the browser, or undefined: then the suite is skipped and says so. IMAGEWORKS_CHROMIUM names one and wins. */
export function findChromium() {
  for (const candidate of candidates()) if (existsSync(candidate)) return candidate
  return undefined
}

export const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--font-render-hinting=none']
