import type { Folder } from '../../src-main/contract/model.ts'

export interface PlacedFolder {
  folder: Folder
  depth: number
}

/** Folders as a tree read from top to bottom, names in natural order. Folders whose parent is missing count as roots. Pure. */
export function foldersInOrder(folders: readonly Folder[]): PlacedFolder[] {
  const ids = new Set(folders.map((folder) => folder.id))
  const children = new Map<number | null, Folder[]>()
  for (const folder of folders) {
    const parent = folder.parentId !== null && ids.has(folder.parentId) ? folder.parentId : null
    children.set(parent, [...(children.get(parent) ?? []), folder])
  }
  const placed: PlacedFolder[] = []
  const visit = (parent: number | null, depth: number) => {
    const sorted = (children.get(parent) ?? []).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
    for (const folder of sorted) {
      placed.push({ folder, depth })
      visit(folder.id, depth + 1)
    }
  }
  visit(null, 0)
  return placed
}
