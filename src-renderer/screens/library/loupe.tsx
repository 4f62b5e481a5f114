import { Maximize, X, ZoomIn, ZoomOut } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { PhotoSummary } from '../../../src-main/contract/model.ts'
import { formatBytes, formatTime } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { ZoomPicture } from '../../parts/zoom-picture/zoom-picture.tsx'

interface LoupeProps {
  photo: PhotoSummary
  url: string | undefined
  fullUrl: string | undefined
  /** Pictures that are likely next: fetched and decoded ahead. */
  ahead: readonly string[]
  zoomed: boolean
  onZoom: (zoomed: boolean) => void
  onFullScreen: () => void
  onClose: () => void
}

/** One photo over the grid; the arrows go on working below it. */
export function Loupe({ photo, url, fullUrl, ahead, zoomed, onZoom, onFullScreen, onClose }: LoupeProps) {
  usePicturesAhead(ahead)
  const facts = [
    photo.width !== null && photo.height !== null ? `${photo.width} × ${photo.height}` : '',
    formatBytes(photo.sizeBytes),
    photo.takenAtMs === null ? '' : formatTime(photo.takenAtMs),
  ]
  return (
    <div className="loupe" role="region" aria-label={`${words.loupe.title}: ${photo.name}`} data-testid="loupe" data-photo-id={photo.id}>
      <div className={`loupe__picture${zoomed ? ' loupe__picture--in' : ''}`}>
        {photo.problem ? (
          <ProblemNote problem={photo.problem} />
        ) : (
          url !== undefined &&
          fullUrl !== undefined && (
            <ZoomPicture
              url={url}
              fullUrl={fullUrl}
              width={photo.width ?? 1}
              height={photo.height ?? 1}
              alt={words.review.photoAlt(photo.name)}
              zoomed={zoomed}
              onZoom={onZoom}
            />
          )
        )}
      </div>
      <div className="loupe__foot">
        <strong className="cut">{photo.name}</strong>
        <StateBadge state={photo.state} />
        <span className="soft cut">{facts.filter((fact) => fact !== '').join(' · ')}</span>
        <span className="filter__spread" />
        <Button small look="quiet" aria-pressed={zoomed} onClick={() => onZoom(!zoomed)} data-testid="zoom-button">
          {zoomed ? <ZoomOut size={15} aria-hidden /> : <ZoomIn size={15} aria-hidden />}
          {words.loupe.actualSize}
          <kbd aria-hidden>Z</kbd>
        </Button>
        <Button small icon look="quiet" aria-label={words.loupe.fullScreen} onClick={onFullScreen}>
          <Maximize size={15} aria-hidden />
        </Button>
        <Button small icon look="quiet" aria-label={words.common.close} onClick={onClose}>
          <X size={15} aria-hidden />
        </Button>
      </div>
    </div>
  )
}

/** Holds on to pictures so that they are decoded when they are shown. */
function usePicturesAhead(urls: readonly string[]): void {
  const held = useRef(new Map<string, HTMLImageElement>())
  const key = urls.join(' ')
  useEffect(() => {
    const wanted = key === '' ? [] : key.split(' ')
    for (const url of [...held.current.keys()]) if (!wanted.includes(url)) held.current.delete(url)
    for (const url of wanted) {
      if (held.current.has(url)) continue
      const image = new Image()
      image.src = url
      // Without a picture there is nothing to hold: the loupe says why when it gets there.
      void image.decode().catch(() => undefined)
      held.current.set(url, image)
    }
  }, [key])
}
