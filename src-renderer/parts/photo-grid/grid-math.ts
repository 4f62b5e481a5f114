/** Geometry of a grid of equal cells. Pure; all lengths in CSS pixels. */
export const GRID_PADDING_PX = 12
export const GRID_GAP_PX = 8
export const CAPTION_PX = 30
/** Height of the picture area as a share of its width: landscape fits well, portrait still shows. */
const PICTURE_RATIO = 0.8

export interface GridLayout {
  columns: number
  rows: number
  cellWidthPx: number
  cellHeightPx: number
  /** Distance from one row to the next. */
  rowStridePx: number
  totalHeightPx: number
  /** Whole rows that fit on the screen. */
  rowsOnScreen: number
}

export function layoutGrid(widthPx: number, heightPx: number, cellPx: number, total: number): GridLayout {
  const inner = Math.max(1, widthPx - 2 * GRID_PADDING_PX)
  const columns = Math.max(1, Math.floor((inner + GRID_GAP_PX) / (cellPx + GRID_GAP_PX)))
  const cellWidthPx = Math.max(1, Math.floor((inner - (columns - 1) * GRID_GAP_PX) / columns))
  const cellHeightPx = Math.round(cellWidthPx * PICTURE_RATIO) + CAPTION_PX
  const rowStridePx = cellHeightPx + GRID_GAP_PX
  const rows = Math.ceil(total / columns)
  const totalHeightPx = rows === 0 ? 0 : rows * rowStridePx - GRID_GAP_PX + 2 * GRID_PADDING_PX
  return { columns, rows, cellWidthPx, cellHeightPx, rowStridePx, totalHeightPx, rowsOnScreen: Math.max(1, Math.floor(heightPx / rowStridePx)) }
}

/** First row on the screen and how many row nodes serve it; the number depends on the size alone, so that nodes are recycled, not made. */
export function visibleRows(layout: GridLayout, scrollTopPx: number, heightPx: number, overscan: number): { first: number; count: number } {
  const count = Math.min(layout.rows, Math.ceil(heightPx / layout.rowStridePx) + 1 + 2 * overscan)
  const at = Math.floor((scrollTopPx - GRID_PADDING_PX) / layout.rowStridePx) - overscan
  return { first: Math.max(0, Math.min(layout.rows - count, at)), count }
}

/** The scroll position that shows the cell with the least movement. */
export function scrollToShow(layout: GridLayout, position: number, scrollTopPx: number, heightPx: number): number {
  const topPx = GRID_PADDING_PX + Math.floor(position / layout.columns) * layout.rowStridePx
  const bottomPx = topPx + layout.cellHeightPx
  if (topPx - GRID_PADDING_PX < scrollTopPx) return topPx - GRID_PADDING_PX
  if (bottomPx + GRID_PADDING_PX > scrollTopPx + heightPx) return bottomPx + GRID_PADDING_PX - heightPx
  return scrollTopPx
}
