import { useCallback, useEffect, useRef, useState } from 'react'
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
  setZoomed,
  showExif,
  showFilterDetails,
} from '../../state/library-actions.ts'
import { CLEARED, isFiltering } from '../../state/library-filter.ts'
import { onlyBasicFacts } from '../../state/models-slice.ts'
import { judgeMany, openReview } from '../../state/review-actions.ts'
import { startRun } from '../../state/run-actions.ts'
import { type Step, stepFrom } from '../../state/selection.ts'
import { findThumbUrl, FULL_SIZE_PX } from '../../state/thumb.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { BasicFactsBar } from './basic-facts-bar.tsx'
import { DropZone } from './drop-zone.tsx'
import { ExifPanel } from './exif-panel.tsx'
import { FilterBar } from './filter-bar.tsx'
import { FilterDetails } from './filter-details.tsx'
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

/** Next and previous photo, and the one after: what the loupe fetches ahead. */
const NEAR = [1, -1, 2] as const

export function LibraryScreen() {
  const studio = useStudio()
  const library = useStudioState((state) => state.library)
  const keymap = useStudioState((state) => state.app.keymap)
  const basic = useStudioState((state) => onlyBasicFacts(state.models.selections))
  const [barHidden, setBarHidden] = useState(false)
  const layout = useRef<GridLayout>(undefined)
  const filterInput = useRef<HTMLInputElement>(null)
  const stage = useRef<HTMLDivElement>(null)
  const toggleFullScreen = () =>
    void (document.fullscreenElement ? document.exitFullscreen() : stage.current?.requestFullscreen().catch(() => undefined))
  // The loupe steps past what the grid has on the screen.
  useEffect(() => {
    if (library.loupe) ensureVisible(studio, library.focus, library.focus)
  }, [studio, library.loupe, library.focus])

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
      case 'zoom':
        setLoupe(studio, true)
        setZoomed(studio, !library.zoomed)
        return true
      case 'full-screen':
        setLoupe(studio, true)
        toggleFullScreen()
        return true
      case 'exif':
        showExif(studio, !library.exifOpen)
        return true
      case 'filter-details':
        showFilterDetails(studio, !library.filterOpen)
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
        void selectAll(studio)
        return true
      case 'toggle-selected':
        pick(studio, library.focus, 'toggle')
        return true
      case 'filter':
        filterInput.current?.focus()
        filterInput.current?.select()
        return true
      case 'clear-selection':
        if (library.zoomed) setZoomed(studio, false)
        else if (library.loupe) setLoupe(studio, false)
        else if (library.selected.size > 0) clearSelection(studio)
        else if (isFiltering(library.filter)) void setFilter(studio, CLEARED)
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
  const findUrl = (photo: PhotoSummary | undefined) => photo && findThumbUrl(studio, photo, 1600)
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
  const ahead = library.loupe ? NEAR.flatMap((step) => findUrl(findPhotoAt(pages, library.focus + step)) ?? []) : []
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
          {library.filterOpen && <FilterDetails />}
          <div className="library__stage">
            <div className="library__grid" ref={stage}>
              {library.loaded && library.total === 0 ? (
                <div className="empty">
                  <p>{words.library.nothingFound}</p>
                  <Button onClick={() => void setFilter(studio, { ...CLEARED, folderId: null })}>{words.library.clearFilter}</Button>
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
              {library.loupe && focused && (
                <Loupe
                  photo={focused}
                  url={findThumbUrl(studio, focused, 1600)}
                  fullUrl={findThumbUrl(studio, focused, FULL_SIZE_PX)}
                  ahead={ahead}
                  zoomed={library.zoomed}
                  onZoom={(zoomed) => setZoomed(studio, zoomed)}
                  onFullScreen={toggleFullScreen}
                  onClose={() => setLoupe(studio, false)}
                />
              )}
            </div>
            {library.exifOpen && <ExifPanel photo={focused} />}
          </div>
        </section>
      </div>
    </DropZone>
  )
}
