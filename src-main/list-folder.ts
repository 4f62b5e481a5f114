/** Sub-folders and photos of a folder for the folder picker. Hidden ones and links are left out: what is listed stays below its root. */
import { readdir } from 'node:fs/promises'
import { findErrno, StudioError } from './lib/studio-error.ts'
import { classifyName } from './library/classify-name.ts'
import type { DirectoryEntry } from './library/grants.ts'

/** @throws StudioError `path-missing`, `path-unreadable` */
export async function listFolder(folder: string): Promise<DirectoryEntry[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.flatMap((entry): DirectoryEntry[] => {
      if (entry.name.startsWith('.')) return []
      if (entry.isDirectory()) return [{ name: entry.name, kind: 'folder' }]
      return entry.isFile() && classifyName(entry.name).kind !== null ? [{ name: entry.name, kind: 'photo' }] : []
    })
  } catch (error) {
    const code = findErrno(error) === 'ENOENT' ? 'path-missing' : 'path-unreadable'
    throw new StudioError(code, `the folder ${folder} cannot be listed`, { data: { path: folder }, cause: error })
  }
}
