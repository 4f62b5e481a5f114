import { useCallback, useRef, useState } from 'react'
import type { PhotoSummary } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import type { GridLayout } from '../../parts/photo-grid/grid-math.ts'
import { PhotoGrid } from '../../parts/photo-grid/photo-grid.tsx'
import { useKeys } from '../../parts/use-keys.ts'
import { openBulk } from '../../state/bulk-actions.ts'
import { findAction } from '../../state/keymap.ts'
import {
  clearSelection,
  ensureVisible,
  findIdAt,
  findPhotoAt,
  pick,
  selectAll,
  setCellSize,
  setFilter,
  setLoupe,
} from '../../state/library-actions.ts'
import { onlyBasicFacts } from '../../state/models-slice.ts'
import { judgeMany, openReview } from '../../state/review-actions.ts'
import { startRun } from '../../state/run-actions.ts'
import { type Step, stepFrom } from '../../state/selection.ts'
import { findThumbUrl } from '../../state/thumb.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { BasicFactsBar } from './basic-facts-bar.tsx'
import { DropZone } from './drop-zone.tsx'
import { FilterBar } from './filter-bar.tsx'
import { FirstRun } from './first-run.tsx'
import { FolderTree } from './folder-tree.tsx'
import { Loupe } from './loupe.tsx'
import './library.css'

const STEPS: Partial<Record<string, Step>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'home',
  End: 'end',
  PageUp: 'page-up',
  PageDown: 'page-down',
}

export function LibraryScreen() {
  const studio = useStudio()
  const library = useStudioState((state) => state.library)
  const keymap = useStudioState((state) => state.app.keymap)
  const basic = useStudioState((state) => onlyBasicFacts(state.models.selections))
  const [barHidden, setBarHidden] = useState(false)
  const layout = useRef<GridLayout>(undefined)
  const filterInput = useRef<HTMLInputElement>(null)

  const open = (position: number) => {
    const photoId = findIdAt(library, position)
    if (photoId === undefined) return
    const queue = library.selected.size > 1 && library.selected.has(photoId) ? library.ids.filter((id) => library.selected.has(id)) : library.ids
    void openReview(studio, queue, photoId)
  }
  const targets = () => {
    const focused = findIdAt(library, library.focus)
    return library.selected.size > 0 ? [...library.selected] : focused === undefined ? [] : [focused]
  }

  useKeys((event) => {
    const step = STEPS[event.key]
    if (step !== undefined && layout.current && library.total > 0 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const next = stepFrom(library.focus, step, library.total, library.loupe ? 1 : layout.current.columns, layout.current.rowsOnScreen)
      pick(studio, next, event.shiftKey ? 'range' : 'one')
      return true
    }
    switch (findAction(keymap, 'library', event)) {
      case 'review':
        open(library.focus)
        return true
      case 'loupe':
        setLoupe(studio, !library.loupe)
        return true
      case 'tag-selection':
        void startRun(studio)
        return true
      case 'approve-selection':
        void judgeMany(studio, targets(), 'approve')
        return true
      case 'reject-selection':
        void judgeMany(studio, targets(), 'reject')
        return true
      case 'bulk-edit':
        openBulk(studio, targets())
        return true
      case 'reopen-selection':
        void judgeMany(studio, targets(), 'reopen')
        return true
      case 'select-all':
        selectAll(studio)
        return true
      case 'toggle-selected':
        pick(studio, library.focus, 'toggle')
        return true
      case 'filter':
        filterInput.current?.focus()
        filterInput.current?.select()
        return true
      case 'clear-selection':
        if (library.loupe) setLoupe(studio, false)
        else if (library.selected.size > 0) clearSelection(studio)
        else if (library.filter.text !== '' || library.filter.states.length > 0) void setFilter(studio, { text: '', states: [] })
        return true
      case 'larger':
        setCellSize(studio, library.cellPx + 40)
        return true
      case 'smaller':
        setCellSize(studio, library.cellPx - 40)
        return true
      default:
        return false
    }
  })

  const { pages } = library
  const photoAt = useCallback((position: number) => findPhotoAt(pages, position), [pages])
  const urlOf = useCallback((photo: PhotoSummary) => findThumbUrl(studio, photo, 320), [studio])

  const empty = library.folders !== null && library.folders.length === 0 && library.loaded && library.total === 0
  if (empty) {
    return (
      <DropZone>
        <FirstRun />
      </DropZone>
    )
  }
  const focused = findPhotoAt(pages, library.focus)
  return (
    <DropZone>
      <div className="library">
        <FolderTree />
        <section className="library__main" aria-labelledby="library-title">
          <h2 id="library-title" className="visually-hidden">
            {words.library.title}
          </h2>
          {basic && !barHidden && <BasicFactsBar onDismiss={() => setBarHidden(true)} />}
          <FilterBar inputRef={filterInput} />
          <div className="library__grid">
            {library.loaded && library.total === 0 ? (
              <div className="empty">
                <p>{words.library.nothingFound}</p>
                <Button onClick={() => void setFilter(studio, { text: '', states: [], folderId: null })}>{words.library.clearFilter}</Button>
              </div>
            ) : (
              <PhotoGrid
                list={library.generation}
                total={library.total}
                cellPx={library.cellPx}
                focus={library.focus}
                selected={library.selected}
                photoAt={photoAt}
                urlOf={urlOf}
                onPick={(position, mode) => pick(studio, position, mode)}
                onOpen={open}
                onVisible={(first, last) => ensureVisible(studio, first, last)}
                onLayout={(next) => {
                  layout.current = next
                }}
              />
            )}
            {library.loupe && focused && <Loupe photo={focused} url={findThumbUrl(studio, focused, 1600)} onClose={() => setLoupe(studio, false)} />}
          </div>
        </section>
      </div>
    </DropZone>
  )
}
