import { Folder as FolderIcon, FolderPlus, Images, X } from 'lucide-react'
import type { Folder } from '../../../src-main/contract/model.ts'
import { formatCount } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { openPicker } from '../../state/import-actions.ts'
import { foldersInOrder } from '../../state/folder-order.ts'
import { forgetFolder, setFilter } from '../../state/library-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

export function FolderTree() {
  const studio = useStudio()
  const folders = useStudioState((state) => state.library.folders)
  const filter = useStudioState((state) => state.library.filter)
  const all = (folders ?? []).filter((folder) => folder.parentId === null).reduce((sum, folder) => sum + folder.totalCount, 0)
  const choose = (folderId: number | null) => void setFilter(studio, { folderId })
  return (
    <aside className="tree" aria-labelledby="tree-title">
      <div className="tree__head">
        <h2 id="tree-title">{words.library.folders}</h2>
        <Button small icon look="quiet" aria-label={words.library.addFolder} onClick={() => void openPicker(studio)} data-testid="choose-folder">
          <FolderPlus size={16} aria-hidden />
        </Button>
      </div>
      <ul className="tree__list scrolls">
        <li className="tree__row">
          <button type="button" className="tree__item" aria-current={filter.folderId === null} onClick={() => choose(null)}>
            <Images size={15} aria-hidden />
            <span className="cut">{words.library.allPhotos}</span>
            <span className="faint">{formatCount(all)}</span>
          </button>
        </li>
        {foldersInOrder(folders ?? []).map(({ folder, depth }) => (
          <TreeRow
            key={folder.id}
            folder={folder}
            depth={depth}
            current={filter.folderId === folder.id}
            onChoose={() => choose(folder.id)}
            onForget={() => void forgetFolder(studio, folder.id)}
          />
        ))}
      </ul>
      <label className="check tree__foot">
        <input
          type="checkbox"
          checked={filter.recursive}
          disabled={filter.folderId === null}
          onChange={(event) => void setFilter(studio, { recursive: event.target.checked })}
        />
        {words.library.recursive}
      </label>
    </aside>
  )
}

interface TreeRowProps {
  folder: Folder
  depth: number
  current: boolean
  onChoose: () => void
  onForget: () => void
}

function TreeRow({ folder, depth, current, onChoose, onForget }: TreeRowProps) {
  return (
    <li className="tree__row">
      <button
        type="button"
        className="tree__item"
        aria-current={current}
        title={folder.path}
        style={{ paddingLeft: 10 + depth * 16 }}
        onClick={onChoose}
      >
        <FolderIcon size={15} aria-hidden />
        <span className="cut">{folder.name}</span>
        <span className="faint">{formatCount(folder.totalCount)}</span>
      </button>
      {current && (
        <Button
          small
          icon
          look="quiet"
          className="tree__forget"
          aria-label={`${words.library.forget}: ${folder.name}`}
          title={words.library.forgetHelp}
          onClick={onForget}
        >
          <X size={13} aria-hidden />
        </Button>
      )}
    </li>
  )
}
