/** The one window: sandboxed, isolated, going nowhere else. Runs in the main process. */
import path from 'node:path'
import { BrowserWindow, nativeTheme, type Session, session, shell } from 'electron'
import { APP_ORIGIN } from './schemes.ts'

export function openWindow(preloadFile: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 880,
    minHeight: 600,
    title: 'ImageWorks Studio',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1c1c1c' : '#ececec',
    webPreferences: {
      preload: path.resolve(preloadFile),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: true,
    },
  })
  const { webContents } = window
  webContents.on('will-navigate', (event) => event.preventDefault())
  webContents.on('will-attach-webview', (event) => event.preventDefault())
  webContents.setWindowOpenHandler(({ url }) => {
    if (isOpenableOutside(url)) void shell.openExternal(url)
    return { action: 'deny' }
  })
  void window.loadURL(`${APP_ORIGIN}/index.html`)
  return window
}

/** Web addresses only: `file:`, `smb:`, `javascript:` and the like are never handed to the system. */
function isOpenableOutside(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:'
}

/** No page may ask for camera, location, notifications or anything else. */
export function denyPermissions(target: Session = session.defaultSession): void {
  target.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  target.setPermissionCheckHandler(() => false)
}
