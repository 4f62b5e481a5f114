import { Columns3, Maximize, ScanEye, ZoomIn, ZoomOut } from 'lucide-react'
import { type RefObject, useEffect } from 'react'
import type { Review } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { loadAnswers, toggleView } from '../../state/answer-actions.ts'
import { toggleZoom } from '../../state/review-actions.ts'
import { findThumbUrl } from '../../state/thumb.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { CompareView } from './compare-view.tsx'
import { Filmstrip } from './filmstrip.tsx'
import { SawView } from './saw-view.tsx'

/** Shows the stage alone, or the window again. A browser may refuse; then nothing changes. */
export function toggleFullScreen(stage: RefObject<HTMLElement | null>): void {
  const change = document.fullscreenElement ? document.exitFullscreen() : stage.current?.requestFullscreen()
  change?.catch(() => undefined)
}

/** The photo, whole or at the full size of its preview, and its neighbours. */
export function PhotoStage({ shown, stage }: { shown: Review | null; stage: RefObject<HTMLElement | null> }) {
  const studio = useStudio()
  const photoId = useStudioState((state) => state.review.queue[state.review.index])
  const view = useStudioState((state) => state.review.view)
  const zoomed = useStudioState((state) => state.review.zoomed)
  const url = shown ? findThumbUrl(studio, shown.photo, 1600) : undefined
  useReadAheadPictures()
  useEffect(() => {
    if (view === 'compare' && photoId !== undefined) void loadAnswers(studio, photoId)
  }, [studio, view, photoId])
  return (
    <section ref={stage} className="review__stage" aria-label={words.review.photo}>
      <div className="review__tools">
        <Button small icon look="quiet" aria-label={words.review.saw} aria-pressed={view === 'saw'} onClick={() => toggleView(studio, 'saw')}>
          <ScanEye size={15} aria-hidden />
        </Button>
        <Button
          small
          icon
          look="quiet"
          aria-label={words.review.compare}
          aria-pressed={view === 'compare'}
          onClick={() => toggleView(studio, 'compare')}
        >
          <Columns3 size={15} aria-hidden />
        </Button>
        <Button small icon look="quiet" aria-label={zoomed ? words.review.zoomOut : words.review.zoomIn} onClick={() => toggleZoom(studio)}>
          {zoomed ? <ZoomOut size={15} aria-hidden /> : <ZoomIn size={15} aria-hidden />}
        </Button>
        <Button small icon look="quiet" aria-label={words.review.fullScreen} onClick={() => toggleFullScreen(stage)}>
          <Maximize size={15} aria-hidden />
        </Button>
      </div>
      <div
        className={zoomed && view === 'photo' ? 'review__photo review__photo--zoomed scrolls' : 'review__photo'}
        data-testid="review-photo"
        data-photo-id={photoId}
        // Scrolled by keyboard only where there is something to scroll.
        {...(zoomed && view === 'photo' ? { tabIndex: 0, role: 'group', 'aria-label': words.review.photo } : {})}
      >
        {view === 'photo' && shown && url !== undefined && <img key={shown.photo.id} src={url} alt={words.review.photoAlt(shown.photo.name)} />}
        {view === 'saw' && shown && <SawView review={shown} />}
        {view === 'compare' && shown && <CompareView review={shown} />}
        {shown?.photo.problem && <ProblemNote problem={shown.photo.problem} />}
      </div>
      <Filmstrip />
    </section>
  )
}

/** Fetches the pictures of the neighbours before they are asked for. */
function useReadAheadPictures(): void {
  const studio = useStudio()
  const ahead = useStudioState((state) => state.review.ahead)
  useEffect(() => {
    for (const photo of ahead) {
      const url = findThumbUrl(studio, photo, 1600)
      if (url === undefined) continue
      const picture = new Image()
      picture.src = url
      // Decoded as well, so that showing it costs no frame. A picture that cannot be decoded shows itself when its turn comes.
      picture.decode().catch(() => undefined)
    }
  }, [ahead, studio])
}
