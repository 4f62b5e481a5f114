import { Copy, ImageOff, Layers, Star, TriangleAlert } from 'lucide-react'
import { memo } from 'react'
import type { PhotoSummary } from '../../../src-main/contract/model.ts'
import { explainProblem } from '../../copy/errors.ts'
import { words } from '../../copy/words.ts'
import { StateBadge } from '../state-badge.tsx'

interface PhotoCellProps {
  position: number
  column: number
  photo: PhotoSummary | undefined
  url: string | undefined
  selected: boolean
  focused: boolean
}

export const cellId = (position: number): string => `photo-${position}`

/** One photo of the grid. Clicks are handled once, by the grid. */
export const PhotoCell = memo(function PhotoCell({ position, column, photo, url, selected, focused }: PhotoCellProps) {
  return (
    <div
      id={cellId(position)}
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={selected}
      aria-label={photo ? undefined : words.common.loading}
      className={`cell${selected ? ' cell--selected' : ''}${focused ? ' cell--focused' : ''}`}
      data-testid="grid-cell"
      data-position={position}
      data-photo-id={photo?.id}
      data-state={photo?.state}
    >
      <div className="cell__picture">{photo && <Picture photo={photo} url={url} />}</div>
      <div className="cell__caption">
        <span className="cut">{photo?.name}</span>
        {photo && photo.rating !== 0 && (
          <span className="cell__stars" title={words.cell.rating(photo.rating)}>
            <Star size={11} aria-hidden />
            <span className="visually-hidden">{words.cell.rating(photo.rating)}</span>
            <span aria-hidden>{photo.rating < 0 ? '×' : photo.rating}</span>
          </span>
        )}
        {photo && <StateBadge state={photo.state} bare />}
      </div>
    </div>
  )
})

function Picture({ photo, url }: { photo: PhotoSummary; url: string | undefined }) {
  return (
    <>
      {photo.problem ? (
        <div className="cell__broken">
          <ImageOff size={22} aria-hidden />
          <span>{explainProblem(photo.problem).what}</span>
        </div>
      ) : url === undefined ? (
        <span className="visually-hidden">{words.library.notLookedAt}</span>
      ) : (
        // The key parts one photo's picture from the next one's when a cell is used again: a wrong picture is worse than none.
        <img key={photo.id} src={url} alt="" decoding="async" draggable={false} />
      )}
      {(photo.pairedName !== null || photo.gated || photo.sidecar || photo.duplicateOf !== null) && (
        <div className="cell__tags">
          {photo.gated && (
            <span className="tag tag--warn" title={words.library.gatedHelp}>
              <TriangleAlert size={11} aria-hidden />
              {words.library.gated}
            </span>
          )}
          {photo.pairedName !== null && (
            <span className="tag" title={words.library.rawPair(photo.pairedName)}>
              <Layers size={11} aria-hidden />
              {words.library.rawJpeg}
            </span>
          )}
          {photo.sidecar && (
            <span className="tag" title={words.cell.sidecarHelp}>
              {words.cell.sidecar}
            </span>
          )}
          {photo.duplicateOf !== null && (
            <span className="tag" title={words.library.duplicateHelp}>
              <Copy size={11} aria-hidden />
              {words.library.duplicate}
            </span>
          )}
        </div>
      )}
    </>
  )
}
