import { words } from '../../copy/words.ts'
import { moveTo } from '../../state/review-actions.ts'
import { findKnownPhoto } from '../../state/library-actions.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { findThumbUrl } from '../../state/thumb.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Photos on each side of the current one. */
const REACH = 12

export function Filmstrip() {
  const studio = useStudio()
  const queue = useStudioState((state) => state.review.queue)
  const index = useStudioState((state) => state.review.index)
  const pages = useStudioState((state) => state.library.pages)
  const from = Math.max(0, index - REACH)
  return (
    <ul className="film" aria-label={words.review.filmstrip}>
      {queue.slice(from, index + REACH + 1).map((photoId, offset) => {
        const position = from + offset
        const photo = findKnownPhoto(pages, photoId)
        const url = photo && findThumbUrl(studio, photo, 320)
        return (
          <li key={photoId}>
            <button
              // The strip follows the review.
              ref={position === index ? (button) => button?.scrollIntoView({ block: 'nearest', inline: 'center' }) : undefined}
              type="button"
              className="film__item"
              aria-current={position === index}
              aria-label={photo?.name ?? words.review.position(position, queue.length)}
              onClick={() => void moveTo(studio, position)}
            >
              {url !== undefined && <img src={url} alt="" decoding="async" />}
              {photo && photo.state !== 'proposed' && photo.state !== 'untagged' && (
                <span className="film__state">
                  <StateBadge state={photo.state} bare />
                </span>
              )}
            </button>
          </li>
        )
      })}
    </ul>
  )
}
