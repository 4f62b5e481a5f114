import { X } from 'lucide-react'
import type { PhotoSummary } from '../../../src-main/contract/model.ts'
import { formatBytes, formatTime } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'

/** One photo over the grid; the arrows go on working below it. */
export function Loupe({ photo, url, onClose }: { photo: PhotoSummary; url: string | undefined; onClose: () => void }) {
  const facts = [
    photo.width !== null && photo.height !== null ? `${photo.width} × ${photo.height}` : '',
    formatBytes(photo.sizeBytes),
    photo.takenAtMs === null ? '' : formatTime(photo.takenAtMs),
  ]
  return (
    <div className="loupe" role="region" aria-label={`${words.loupe.title}: ${photo.name}`} data-testid="loupe">
      <div className="loupe__picture">
        {photo.problem ? (
          <ProblemNote problem={photo.problem} />
        ) : (
          url !== undefined && <img key={photo.id} src={url} alt={words.review.photoAlt(photo.name)} />
        )}
      </div>
      <div className="loupe__foot">
        <strong>{photo.name}</strong>
        <StateBadge state={photo.state} />
        <span className="soft">{facts.filter((fact) => fact !== '').join(' · ')}</span>
        <span className="filter__spread" />
        <Button small icon look="quiet" aria-label={words.common.close} onClick={onClose}>
          <X size={15} aria-hidden />
        </Button>
      </div>
    </div>
  )
}
