/** Looks through a folder of models within bounds. What a link reaches outside the folder is refused. */
import { readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'

const DEPTH_CAP = 5
const ENTRIES_CAP = 20_000

export interface ModelFile {
  /** As it is reached, below the folder that was asked for. */
  path: string
  /** Where it really lies, inside that folder. */
  realPath: string
  /** Relative to the folder, with `/`. */
  relative: string
  sizeBytes: number
}

export const isInside = (folder: string, file: string): boolean => {
  const relative = path.relative(folder, file)
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
}

export interface Listing {
  /** False when there is no such folder. */
  present: boolean
  files: ModelFile[]
  problems: string[]
}

/**
 * Files that `wanted` says yes to, each real file once, by path.
 * @param within Folder that links may not leave; default the folder itself.
 * @throws errors of the file system when the folder itself cannot be read.
 */
export async function listModelFiles(folder: string, wanted: (name: string) => boolean, within = folder): Promise<Listing> {
  let root: string
  let fence: string
  try {
    root = await realpath(folder)
    fence = await realpath(within)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { present: false, files: [], problems: [] }
    throw error
  }
  const files: ModelFile[] = []
  const problems: string[] = []
  const seen = new Set<string>()
  let budget = ENTRIES_CAP

  const visit = async (at: string, depth: number): Promise<void> => {
    const names = await readdir(at)
    for (const name of names.sort()) {
      if (budget-- <= 0) return
      const here = path.join(at, name)
      const real = await realpath(here).catch(() => undefined)
      if (real === undefined || seen.has(real)) continue
      if (!isInside(fence, real)) {
        problems.push(`${path.relative(root, here)} leads outside the folder`)
        continue
      }
      const found = await stat(real).catch(() => undefined)
      if (found?.isDirectory()) {
        if (depth >= DEPTH_CAP) continue
        seen.add(real)
        await visit(here, depth + 1).catch(() => void problems.push(`${path.relative(root, here)} cannot be read`))
      } else if (found?.isFile() && wanted(name)) {
        seen.add(real)
        files.push({ path: here, realPath: real, relative: path.relative(root, here).split(path.sep).join('/'), sizeBytes: found.size })
      }
    }
  }
  const start = await stat(root)
  if (!start.isDirectory() || (root !== fence && !isInside(fence, root))) return { present: false, files, problems }
  await visit(root, 0)
  if (budget <= 0) problems.push(`only the first ${ENTRIES_CAP} files and folders were looked at`)
  return { present: true, files: files.sort((a, b) => (a.relative < b.relative ? -1 : 1)), problems }
}
