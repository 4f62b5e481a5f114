import path from 'node:path'
import type { Folder } from '../contract/model.ts'
import { pathKey, type VolumeFolding } from '../library/path-key.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { Connection } from './connection.ts'

interface FolderRow {
  id: number
  parent_id: number | null
  path: string
  path_key: string
  watched: number
  opened_at_ms: number | null
}

/** Keys of everything below a folder lie in [from, to). */
export interface KeyRange {
  from: string
  to: string
}

export function keysBelow(folderKey: string): KeyRange {
  const prefix = folderKey.endsWith(path.sep) ? folderKey : folderKey + path.sep
  return { from: prefix, to: prefix.slice(0, -1) + String.fromCharCode(path.sep.charCodeAt(0) + 1) }
}

/** The folder tree. Called inside the transactions of the photos repository. */
export class FolderRows {
  constructor(private readonly connection: Connection) {}

  /** @throws StudioError `folder-not-found` */
  get(folderId: number): FolderRow {
    const row = this.connection.get<FolderRow>('SELECT * FROM folders WHERE id = ?', folderId)
    if (!row) throw new StudioError('folder-not-found', `no folder has the id ${folderId}`, { data: { folderId } })
    return row
  }

  /** The id of the folder's row, made when missing together with its parents up to `root`, or up to a known folder above it. */
  ensure(folderPath: string, root: string, folding: VolumeFolding): number {
    const key = pathKey(folderPath, folding)
    const known = this.connection.get<FolderRow>('SELECT * FROM folders WHERE path_key = ?', key)
    if (known) {
      // Renamed in case or normal form only.
      if (known.path !== folderPath) this.connection.run('UPDATE folders SET path = ? WHERE id = ?', folderPath, known.id)
      return known.id
    }
    const above = path.dirname(folderPath)
    const isTop = folderPath === root || above === folderPath
    const parentId = isTop ? this.#joinKnownAbove(folderPath, folding) : this.ensure(above, root, folding)
    const { lastId } = this.connection.run('INSERT INTO folders (parent_id, path, path_key) VALUES (?, ?, ?)', parentId, folderPath, key)
    if (isTop) this.#adoptBelow(key, folderPath, folding)
    return lastId
  }

  /** Folders that were imported on their own before come to hang under the new root. */
  #adoptBelow(rootKey: string, root: string, folding: VolumeFolding): void {
    const { from, to } = keysBelow(rootKey)
    const tops = this.connection.all<FolderRow>('SELECT * FROM folders WHERE parent_id IS NULL AND path_key > ? AND path_key < ?', from, to)
    for (const top of tops) {
      this.connection.run('UPDATE folders SET parent_id = ? WHERE id = ?', this.ensure(path.dirname(top.path), root, folding), top.id)
    }
  }

  /** A root that lies below a folder of an earlier import hangs under it. */
  #joinKnownAbove(root: string, folding: VolumeFolding): number | null {
    for (let at = path.dirname(root), below = root; at !== below; below = at, at = path.dirname(at)) {
      if (!this.connection.get('SELECT 1 FROM folders WHERE path_key = ?', pathKey(at, folding))) continue
      return this.ensure(path.dirname(root), at, folding)
    }
    return null
  }

  /** Parents before children, by path. Counts are made from the photos each time, so they cannot drift. */
  list(): Folder[] {
    const rows = this.connection.all<FolderRow>('SELECT * FROM folders ORDER BY path_key')
    const counts = new Map(
      this.connection
        .all<{ folder_id: number; photos: number }>('SELECT folder_id, count(*) AS photos FROM photos GROUP BY folder_id')
        .map((row) => [row.folder_id, row.photos]),
    )
    const folders = rows.map((row) => {
      const photoCount = counts.get(row.id) ?? 0
      return {
        id: row.id,
        parentId: row.parent_id,
        name: path.basename(row.path) || row.path,
        path: row.path,
        photoCount,
        totalCount: photoCount,
        watched: row.watched !== 0,
        openedAtMs: row.opened_at_ms,
      }
    })
    const byId = new Map(folders.map((folder) => [folder.id, folder]))
    // A child's key sorts after its parent's, so going backwards every child is complete before its parent takes it in.
    for (const folder of [...folders].reverse()) {
      const parent = folder.parentId === null ? undefined : byId.get(folder.parentId)
      if (parent) parent.totalCount += folder.totalCount
    }
    return folders
  }

  /** @throws StudioError `folder-not-found` */
  change(folderId: number, column: 'watched' | 'opened_at_ms', value: number): void {
    const { id } = this.get(folderId)
    this.connection.transaction('crash-safe', () => this.connection.run(`UPDATE folders SET ${column} = ? WHERE id = ?`, value, id))
  }

  /** Removes the folder, all below it, and folders above it that are left without photo or child. */
  remove(folderId: number): void {
    const row = this.get(folderId)
    const { from, to } = keysBelow(row.path_key)
    this.connection.run('DELETE FROM folders WHERE id = ? OR (path_key >= ? AND path_key < ?)', folderId, from, to)
    for (let parentId = row.parent_id; parentId !== null; ) {
      const parent = this.get(parentId)
      const used =
        this.connection.get('SELECT 1 FROM photos WHERE folder_id = ? LIMIT 1', parentId) ??
        this.connection.get('SELECT 1 FROM folders WHERE parent_id = ? LIMIT 1', parentId)
      if (used) return
      this.connection.run('DELETE FROM folders WHERE id = ?', parentId)
      parentId = parent.parent_id
    }
  }
}
