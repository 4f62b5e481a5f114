/** The Electron host as a story: lock, ready, studio, schemes, window, IPC (boot.ts came before). Runs in the main process. */
import path from 'node:path'
import { app, dialog, type BrowserWindow } from 'electron'
import { StudioError } from '../lib/studio-error.ts'
import type { ShippedFolders } from '../lib/places.ts'
import type { Studio } from '../lib/studio.ts'
import type { SpawnWorker } from '../lib/worker-process.ts'
import { serveIpc } from './ipc.ts'
import { installMenu } from './menu.ts'
import { serveSchemes } from './schemes.ts'
import { utilityWorkersFrom } from './utility-worker.ts'
import { denyPermissions, openWindow } from './window.ts'

export interface DesktopParts {
  folders: ShippedFolders
  compose(spawnWorker: SpawnWorker, startPaths: string[]): Promise<Studio>
  /** @param endNow Called at the second ending signal, with the exit code. Aborted at the first. */
  onEndingSignal(endNow: (exitCode: number) => void): AbortSignal
  /** The sentence for an error that keeps the studio from starting. */
  explain(error: StudioError): string
}

/** Paths among the arguments of a start; switches and the application's own folder are not paths to open. */
export function pathsAmong(argv: readonly string[], workingFolder: string, ownFolder: string): string[] {
  return argv
    .slice(1)
    .filter((word) => !word.startsWith('-'))
    .map((word) => path.resolve(workingFolder, word))
    .filter((each) => each !== ownFolder)
}

export async function runDesktop(parts: DesktopParts): Promise<void> {
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  let window: BrowserWindow | undefined = undefined as BrowserWindow | undefined
  let studio: Studio | undefined

  app.on('second-instance', (_event, argv, workingFolder) => {
    const grantIds = studio ? pathsAmong(argv, workingFolder, app.getAppPath()).map((each) => studio!.paths.admit(each)) : []
    if (grantIds.length > 0) void studio?.dispatch('library.import', { grantIds, recursive: true })
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())

  await app.whenReady()
  let endIpc = () => {}
  const composing = parts.compose(utilityWorkersFrom(parts.folders.workers), pathsAmong(process.argv, process.cwd(), app.getAppPath()))
  let stopping = false
  app.on('before-quit', (event) => {
    if (stopping) return
    stopping = true
    event.preventDefault()
    endIpc()
    // Whatever could not be stopped is ended with the process; the journal and the run table recover at the next start.
    void composing
      .then((begun) => begun.stop())
      .catch(() => undefined)
      .finally(() => app.quit())
  })
  const ending = parts.onEndingSignal((exitCode) => {
    studio?.abandon()
    app.exit(exitCode)
  })
  ending.addEventListener('abort', () => app.quit(), { once: true })

  try {
    studio = await composing
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    dialog.showErrorBox('ImageWorks Studio cannot start', parts.explain(error))
    app.exit(1)
    return
  }
  if (stopping) return
  denyPermissions()
  serveSchemes(parts.folders.renderer, studio)
  window = openWindow(parts.folders.preloadFile)
  installMenu(window, studio)
  endIpc = serveIpc(studio, window.webContents)
}
