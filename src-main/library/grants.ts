/** Opaque tokens for the files and folders that a host was shown. Nothing else can be imported or listed. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { StudioError } from '../lib/studio-error.ts'

/** One listing entry, given by whoever reads the disk. */
export interface DirectoryEntry {
  name: string
  kind: 'folder' | 'photo'
}

const LISTING_LIMIT = 2000

export interface Grants {
  /** The same path always has the same token within one process. */
  admit(absolutePath: string): string
  /** @throws StudioError `grant-unknown` */
  resolve(grantId: string): string
  /** Lists a granted folder, or the roots. Every entry listed is granted by that. */
  browse(grantId: string | undefined): Promise<{
    here: { id: string; name: string } | null
    parentId: string | null
    entries: { id: string; name: string; kind: 'folder' | 'photo' }[]
    truncated: boolean
  }>
}

/**
 * @param roots Absolute folders that may be browsed; nothing above them can be reached.
 * @param list Names of the sub-folders and photos of a folder, following links only inside `roots` is the caller's choice.
 */
export function createGrants(roots: readonly string[], list: (folder: string) => Promise<DirectoryEntry[]>): Grants {
  const pathOf = new Map<string, string>()
  const idOf = new Map<string, string>()

  const admit = (absolutePath: string): string => {
    const known = idOf.get(absolutePath)
    if (known) return known
    const id = randomBytes(16).toString('base64url')
    idOf.set(absolutePath, id)
    pathOf.set(id, absolutePath)
    return id
  }

  const resolve = (grantId: string): string => {
    const found = pathOf.get(grantId)
    if (found === undefined) throw new StudioError('grant-unknown', 'this folder was not opened in this window')
    return found
  }

  const nameOf = (folder: string): string => path.basename(folder) || folder

  return {
    admit,
    resolve,
    async browse(grantId) {
      if (grantId === undefined) {
        return {
          here: null,
          parentId: null,
          entries: roots.map((root) => ({ id: admit(root), name: root, kind: 'folder' as const })),
          truncated: false,
        }
      }
      const folder = resolve(grantId)
      const found = await list(folder)
      const sorted = found.toSorted((a, b) =>
        a.kind === b.kind ? a.name.localeCompare(b.name, undefined, { numeric: true }) : a.kind === 'folder' ? -1 : 1,
      )
      const parent = path.dirname(folder)
      // Above a root lies the list of roots, which has no id of its own.
      const insideRoot = roots.some((root) => folder !== root && isInside(root, folder))
      return {
        here: { id: grantId, name: nameOf(folder) },
        parentId: insideRoot ? admit(parent) : null,
        entries: sorted.slice(0, LISTING_LIMIT).map((entry) => ({ ...entry, id: admit(path.join(folder, entry.name)) })),
        truncated: sorted.length > LISTING_LIMIT,
      }
    },
  }
}

function isInside(root: string, child: string): boolean {
  const relative = path.relative(root, child)
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
}
