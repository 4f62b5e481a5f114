import type { Folder } from '../../src-main/contract/model.ts'

export interface PlacedFolder {
  folder: Folder
  depth: number
  hasChildren: boolean
}

/**
 * Folders as a tree read from top to bottom, names in natural order, without what lies in a folded one. Folders whose parent is missing
 * count as roots. Pure.
 */
export function foldersInOrder(folders: readonly Folder[], folded: ReadonlySet<number> = new Set()): PlacedFolder[] {
  const ids = new Set(folders.map((folder) => folder.id))
  const children = new Map<number | null, Folder[]>()
  for (const folder of folders) {
    const parent = folder.parentId !== null && ids.has(folder.parentId) ? folder.parentId : null
    const beside = children.get(parent)
    if (beside) beside.push(folder)
    else children.set(parent, [folder])
  }
  const placed: PlacedFolder[] = []
  const byName = new Intl.Collator(undefined, { numeric: true })
  const visit = (parent: number | null, depth: number) => {
    const sorted = (children.get(parent) ?? []).sort((a, b) => byName.compare(a.name, b.name))
    for (const folder of sorted) {
      placed.push({ folder, depth, hasChildren: children.has(folder.id) })
      if (!folded.has(folder.id)) visit(folder.id, depth + 1)
    }
  }
  visit(null, 0)
  return placed
}

/** The folders opened or imported last, newest first. */
export function recentFolders(folders: readonly Folder[], count: number): Folder[] {
  const opened = folders.filter((folder) => folder.openedAtMs !== null)
  return opened.sort((a, b) => b.openedAtMs! - a.openedAtMs!).slice(0, count)
}
