/** Electron's main process. */
import path from 'node:path'
import { app } from 'electron'
import { problemLine } from '../src-renderer/copy/errors.ts'
import { compose } from './compose.ts'
import { runDesktop } from './desktop/run-desktop.ts'
import { onEndingSignal } from './ending-signals.ts'
import { dataFolderFrom, shippedFolders } from './lib/places.ts'
import { toProblem } from './lib/studio-error.ts'

const folders = shippedFolders(import.meta.dirname, app.isPackaged ? process.resourcesPath : undefined)

await runDesktop({
  folders,
  compose: (spawnWorker, startPaths) =>
    compose({
      host: 'electron',
      version: app.getVersion(),
      dataFolder: dataFolderFrom(process.env, path.join(app.getPath('appData'), 'ImageWorks Studio')),
      folders,
      spawnWorker,
      startPaths,
      browseRoots: [app.getPath('home')],
      environment: process.env,
    }),
  onEndingSignal,
  explain: (error) => problemLine(toProblem(error)),
})
