/** Where things lie: the data folder, and the folders that ship with the studio. */
import path from 'node:path'
import { StudioError } from './studio-error.ts'

export interface ShippedFolders {
  /** Product data: registry, profiles, prompts. */
  configs: string
  /** Model files of a packaged application; null in a clone, where they lie in their packages. */
  weights: string | null
  workers: string
  renderer: string
  preloadFile: string
}

/** @param mainFolder Folder of the running entry (`out/main`). @param resourcesFolder Set in a packaged application, where configs lie outside the archive. */
export function shippedFolders(mainFolder: string, resourcesFolder?: string): ShippedFolders {
  return {
    configs: resourcesFolder ? path.join(resourcesFolder, 'configs') : path.resolve(mainFolder, '../../configs'),
    weights: resourcesFolder ? path.join(resourcesFolder, 'weights') : null,
    workers: path.join(mainFolder, 'workers'),
    renderer: path.resolve(mainFolder, '../renderer'),
    preloadFile: path.resolve(mainFolder, '../desktop/preload.cjs'),
  }
}

/** `IMAGEWORKS_HOME`, else the operating system's own place. */
export function dataFolderFrom(environment: Record<string, string | undefined>, systemPlace: string): string {
  const given = environment['IMAGEWORKS_HOME']
  if (given === undefined || given === '') return systemPlace
  if (given.includes('\0'))
    throw new StudioError('data-folder-unwritable', 'IMAGEWORKS_HOME holds a character that no path may have', { data: { folder: given } })
  return path.resolve(given)
}
