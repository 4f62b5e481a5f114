/** Ways for photos to come in: dropped, picked, or given at the start. */
import type { ImportSummary } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import { countWork, loadFolders, loadPhotos } from './library-actions.ts'
import { announce, ask, notify, patch, type Studio, toProblem } from './studio.ts'

export async function startImport(studio: Studio, grantIds: string[]): Promise<void> {
  if (grantIds.length === 0) return
  const { importRecursive } = studio.store.getState().library
  const started = await ask(studio, 'library.import', { grantIds, recursive: importRecursive })
  if (!started) return
  patch(studio, 'app', { dialog: null })
  const status = await ask(studio, 'library.importStatus', started)
  if (status) takeImport(studio, status)
}

/** Files dropped on the window. A browser page cannot see where they live: then the folder picker opens and says so. */
export async function dropFiles(studio: Studio, files: readonly File[]): Promise<void> {
  try {
    const grantIds = await studio.client.admit(files)
    if (grantIds === null) await openPicker(studio, true)
    else await startImport(studio, grantIds)
  } catch (error) {
    notify(studio, toProblem(error))
  }
}

export async function openPicker(studio: Studio, becauseOfDrop = false): Promise<void> {
  patch(studio, 'library', { browseBecauseOfDrop: becauseOfDrop, browse: null })
  patch(studio, 'app', { dialog: 'pick-folder' })
  await browse(studio, undefined)
}

export async function browse(studio: Studio, grantId: string | undefined): Promise<void> {
  const listing = await ask(studio, 'library.browse', grantId === undefined ? {} : { grantId })
  if (listing) patch(studio, 'library', { browse: listing })
}

export function setImportRecursive(studio: Studio, importRecursive: boolean): void {
  patch(studio, 'library', { importRecursive })
}

export function takeImport(studio: Studio, summary: ImportSummary): void {
  const { imports } = studio.store.getState().library
  const known = imports.find((each) => each.importId === summary.importId)
  if (known && known.state !== 'running') return
  const others = imports.filter((each) => each.importId !== summary.importId)
  patch(studio, 'library', { imports: [...others, summary].slice(-5) })
  if (summary.state === 'running') return
  announce(studio, words.imports.finished(summary.added))
  if (summary.problem) notify(studio, summary.problem)
  void Promise.all([loadFolders(studio), loadPhotos(studio), countWork(studio)])
}

export async function cancelImport(studio: Studio, importId: string): Promise<void> {
  await ask(studio, 'library.cancelImport', { importId })
}

export function dismissImport(studio: Studio, importId: string): void {
  const { imports } = studio.store.getState().library
  patch(studio, 'library', { imports: imports.filter((each) => each.importId !== importId) })
}
