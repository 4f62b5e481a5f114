import { ChevronDown, ChevronRight, Clock, Eye, Folder as FolderIcon, FolderPlus, Images, X } from 'lucide-react'
import { type KeyboardEvent, memo, type ReactNode, useMemo } from 'react'
import type { Folder } from '../../../src-main/contract/model.ts'
import { formatCount } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { foldersInOrder, recentFolders } from '../../state/folder-order.ts'
import { openPicker } from '../../state/import-actions.ts'
import { foldFolder, forgetFolder, openFolder, setFilter, watchFolder } from '../../state/library-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const RECENT = 4
/** With fewer folders everything is in sight anyway. */
const RECENT_FROM = 6

export const FolderTree = memo(function FolderTree() {
  const studio = useStudio()
  const folders = useStudioState((state) => state.library.folders)
  const folded = useStudioState((state) => state.library.folded)
  const folderId = useStudioState((state) => state.library.filter.folderId)
  const recursive = useStudioState((state) => state.library.filter.recursive)
  const placed = useMemo(() => foldersInOrder(folders ?? [], folded), [folders, folded])
  const all = (folders ?? []).filter((folder) => folder.parentId === null).reduce((sum, folder) => sum + folder.totalCount, 0)
  const recent = (folders ?? []).length < RECENT_FROM ? [] : recentFolders(folders ?? [], RECENT)

  /** Up and down go from folder to folder, left and right fold and unfold, as in every tree. */
  const walk = (event: KeyboardEvent) => {
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>('.tree__item')]
    const at = items.findIndex((item) => item === document.activeElement)
    if (at < 0) return
    const id = Number(items[at]?.dataset['folderId'])
    const entry = placed.find(({ folder }) => folder.id === id)
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -at, End: items.length - 1 - at }[event.key]
    if (step !== undefined) items[at + step]?.focus()
    else if (event.key === 'ArrowLeft' && entry?.hasChildren && !folded.has(id)) foldFolder(studio, id, true)
    else if (event.key === 'ArrowLeft') items.find((item) => item.dataset['folderId'] === String(entry?.folder.parentId))?.focus()
    else if (event.key === 'ArrowRight' && folded.has(id)) foldFolder(studio, id, false)
    else if (event.key !== 'ArrowRight') return
    event.preventDefault()
  }

  return (
    <aside className="tree" aria-labelledby="tree-title">
      <div className="tree__head">
        <h2 id="tree-title">{words.library.folders}</h2>
        <Button small icon look="quiet" aria-label={words.library.addFolder} onClick={() => void openPicker(studio)} data-testid="choose-folder">
          <FolderPlus size={16} aria-hidden />
        </Button>
      </div>
      <ul className="tree__list scrolls" onKeyDown={walk}>
        <li className="tree__row">
          <TreeItem id={null} current={folderId === null} name={words.library.allPhotos} count={all} onChoose={() => openFolder(studio, null)}>
            <Images size={15} aria-hidden />
          </TreeItem>
        </li>
        {recent.map((folder) => (
          <li className="tree__row" key={`recent ${folder.id}`}>
            <TreeItem
              id={null}
              current={false}
              name={folder.name}
              path={folder.path}
              count={folder.totalCount}
              hint={words.tree.recent}
              onChoose={() => openFolder(studio, folder.id)}
            >
              <Clock size={15} aria-hidden />
            </TreeItem>
          </li>
        ))}
        {placed.map(({ folder, depth, hasChildren }) => (
          <FolderRow
            key={folder.id}
            folder={folder}
            depth={depth}
            fold={hasChildren ? folded.has(folder.id) : null}
            current={folderId === folder.id}
          />
        ))}
      </ul>
      <label className="check tree__foot">
        <input
          type="checkbox"
          checked={recursive}
          disabled={folderId === null}
          onChange={(event) => void setFilter(studio, { recursive: event.target.checked })}
        />
        {words.library.recursive}
      </label>
    </aside>
  )
})

interface FolderRowProps {
  folder: Folder
  depth: number
  /** Whether its subfolders are hidden; null without any. */
  fold: boolean | null
  current: boolean
}

const FolderRow = memo(function FolderRow({ folder, depth, fold, current }: FolderRowProps) {
  const studio = useStudio()
  return (
    <li className="tree__row">
      {fold !== null && (
        <button
          type="button"
          className="tree__fold"
          style={{ left: depth * 16 }}
          tabIndex={-1}
          aria-expanded={!fold}
          aria-label={fold ? words.tree.unfold(folder.name) : words.tree.fold(folder.name)}
          onClick={() => foldFolder(studio, folder.id, !fold)}
        >
          {fold ? <ChevronRight size={13} aria-hidden /> : <ChevronDown size={13} aria-hidden />}
        </button>
      )}
      <TreeItem
        id={folder.id}
        current={current}
        name={folder.name}
        path={folder.path}
        count={folder.totalCount}
        depth={depth}
        onChoose={() => openFolder(studio, folder.id)}
      >
        {folder.watched ? <Eye size={15} aria-label={words.tree.watched} /> : <FolderIcon size={15} aria-hidden />}
      </TreeItem>
      {current && (
        <span className="tree__acts">
          <Button
            small
            icon
            look="quiet"
            aria-label={`${words.tree.watch}: ${folder.name}`}
            aria-pressed={folder.watched}
            title={folder.watched ? words.tree.watched : words.tree.watch}
            data-testid="watch-folder"
            onClick={() => void watchFolder(studio, folder.id, !folder.watched)}
          >
            <Eye size={13} aria-hidden />
          </Button>
          <Button
            small
            icon
            look="quiet"
            aria-label={`${words.library.forget}: ${folder.name}`}
            title={words.library.forgetHelp}
            onClick={() => void forgetFolder(studio, folder.id)}
          >
            <X size={13} aria-hidden />
          </Button>
        </span>
      )}
    </li>
  )
})

interface TreeItemProps {
  id: number | null
  current: boolean
  name: string
  path?: string
  count: number
  depth?: number
  hint?: string
  onChoose: () => void
  children: ReactNode
}

function TreeItem({ id, current, name, path, count, depth = 0, hint, onChoose, children }: TreeItemProps) {
  return (
    <button
      type="button"
      className="tree__item"
      aria-current={current}
      title={path}
      tabIndex={current ? 0 : -1}
      data-folder-id={id ?? undefined}
      data-testid={id === null ? undefined : 'folder'}
      style={{ paddingLeft: 14 + depth * 16 }}
      onClick={onChoose}
    >
      {children}
      <span className="cut">
        {hint && <span className="visually-hidden">{hint}: </span>}
        {name}
      </span>
      <span className="faint">{formatCount(count)}</span>
    </button>
  )
}
