import { type CSSProperties, type MouseEvent, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { PhotoSummary } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { type GridLayout, layoutGrid, scrollToShow, visibleRows } from './grid-math.ts'
import { cellId, PhotoCell } from './photo-cell.tsx'
import './photo-grid.css'

const OVERSCAN_ROWS = 2

export interface PhotoGridProps {
  /** Another number is another list: what is on the screen is asked for again. */
  list: number
  total: number
  cellPx: number
  focus: number
  selected: ReadonlySet<number>
  photoAt: (position: number) => PhotoSummary | undefined
  urlOf: (photo: PhotoSummary) => string | undefined
  onPick: (position: number, mode: 'one' | 'toggle' | 'range' | 'add-range') => void
  onOpen: (position: number) => void
  /** Positions on the screen, whenever they change. */
  onVisible: (first: number, last: number) => void
  onLayout: (layout: GridLayout) => void
}

/**
 * A grid of any number of photos. Rows are few nodes used again and again: row r is drawn by node r modulo their number,
 * so that scrolling changes texts and addresses but makes no nodes.
 */
export function PhotoGrid(props: PhotoGridProps) {
  const { list, total, cellPx, focus, selected, photoAt, urlOf } = props
  const element = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ widthPx: 0, heightPx: 0 })
  const [firstRow, setFirstRow] = useState(0)
  const layout = useMemo(() => layoutGrid(size.widthPx, size.heightPx, cellPx, total), [size, cellPx, total])
  const { count } = visibleRows(layout, 0, size.heightPx, OVERSCAN_ROWS)
  const first = Math.max(0, Math.min(firstRow, layout.rows - count))

  useLayoutEffect(() => {
    const node = element.current
    if (!node) return
    const measure = () => setSize({ widthPx: node.clientWidth, heightPx: node.clientHeight })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(node)
    return () => observer.disconnect()
  }, [])

  const follow = useEffectEvent(() => {
    const node = element.current
    if (node) setFirstRow(visibleRows(layout, node.scrollTop, size.heightPx, OVERSCAN_ROWS).first)
  })
  useEffect(() => {
    const node = element.current
    const listener = () => follow()
    node?.addEventListener('scroll', listener, { passive: true })
    return () => node?.removeEventListener('scroll', listener)
  }, [])

  const tellLayout = useEffectEvent((next: GridLayout) => {
    if (size.widthPx > 0) props.onLayout(next)
    follow()
  })
  useEffect(() => tellLayout(layout), [layout])

  const from = first * layout.columns
  const to = Math.min(total, (first + count) * layout.columns) - 1
  const tellVisible = useEffectEvent((firstShown: number, lastShown: number, _list: number) => {
    if (size.heightPx > 0 && total > 0) props.onVisible(firstShown, lastShown)
  })
  useEffect(() => tellVisible(from, to, list), [from, to, list])

  const showFocus = useEffectEvent((position: number, columns: number) => {
    const node = element.current
    if (node && size.heightPx > 0) node.scrollTop = scrollToShow({ ...layout, columns }, position, node.scrollTop, size.heightPx)
  })
  useEffect(() => showFocus(focus, layout.columns), [focus, layout.columns])

  const rows = []
  for (let row = first; row < Math.min(layout.rows, first + count); row += 1) {
    rows.push(
      <div
        key={row % count}
        className="grid__row"
        role="row"
        aria-rowindex={row + 1}
        style={{
          transform: `translateY(${row * layout.rowStridePx}px)`,
          gridTemplateColumns: `repeat(${layout.columns}, ${layout.cellWidthPx}px)`,
          height: layout.cellHeightPx,
        }}
      >
        {Array.from({ length: Math.min(layout.columns, total - row * layout.columns) }, (_, column) => {
          const position = row * layout.columns + column
          const photo = photoAt(position)
          return (
            <PhotoCell
              key={column}
              position={position}
              column={column}
              photo={photo}
              url={photo && urlOf(photo)}
              selected={photo !== undefined && selected.has(photo.id)}
              focused={position === focus}
            />
          )
        })}
      </div>,
    )
  }

  return (
    <div
      ref={element}
      className="grid scrolls"
      role="grid"
      tabIndex={0}
      aria-label={words.library.grid}
      aria-multiselectable
      aria-rowcount={layout.rows}
      aria-colcount={layout.columns}
      aria-activedescendant={focus >= from && focus <= to ? cellId(focus) : undefined}
      data-testid="grid"
      data-total={total}
      onClick={(event) => {
        const position = positionOf(event)
        if (position === undefined) return
        const toggles = event.ctrlKey || event.metaKey
        props.onPick(position, event.shiftKey ? (toggles ? 'add-range' : 'range') : toggles ? 'toggle' : 'one')
      }}
      onDoubleClick={(event) => {
        const position = positionOf(event)
        if (position !== undefined) props.onOpen(position)
      }}
    >
      <div className="grid__sheet" style={{ height: layout.totalHeightPx } as CSSProperties}>
        {rows}
      </div>
    </div>
  )
}

function positionOf(event: MouseEvent): number | undefined {
  const cell = event.target instanceof Element ? event.target.closest('[data-position]') : null
  return cell instanceof HTMLElement ? Number(cell.dataset['position']) : undefined
}
