import { X } from 'lucide-react'
import { useEffect } from 'react'
import type { PhotoSummary } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { loadExif, showExif } from '../../state/library-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** What photographers look for first, by the tag's own name, in this order. The rest is one click away. */
const FIRST = [
  'Model',
  'LensModel',
  'ExposureTime',
  'FNumber',
  'ISO',
  'FocalLength',
  'ExposureCompensation',
  'Flash',
  'DateTimeOriginal',
  'ImageSize',
]
const FIRST_TOO = ['Rating', 'GPSPosition', 'Artist', 'Copyright', 'ProfileDescription', 'Software']
/** Turning pages quickly asks for the last one only. */
const PAUSE_MS = 120

const bareName = (tag: string): string => tag.slice(tag.lastIndexOf(':') + 1)

/** What the file of a photo says beside its picture. */
export function ExifPanel({ photo }: { photo: PhotoSummary | undefined }) {
  const studio = useStudio()
  const exif = useStudioState((state) => state.library.exif)
  const photoId = photo?.id
  useEffect(() => {
    if (photoId === undefined) return undefined
    const timer = setTimeout(() => void loadExif(studio, photoId), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [studio, photoId])
  const tags = exif !== null && exif.photoId === photoId ? exif.tags : null
  const first = [...FIRST, ...FIRST_TOO].flatMap((name) => tags?.find(({ tag }) => bareName(tag) === name) ?? [])
  return (
    <aside className="exif" aria-labelledby="exif-title" data-testid="exif" data-photo-id={tags === null ? undefined : photoId}>
      <div className="exif__head">
        <h2 id="exif-title">{words.exif.title}</h2>
        <Button small icon look="quiet" aria-label={words.common.close} onClick={() => showExif(studio, false)}>
          <X size={15} aria-hidden />
        </Button>
      </div>
      <div className="exif__body scrolls" tabIndex={0} role="group" aria-label={words.exif.title}>
        <p className="exif__name">{photo?.name ?? words.exif.none}</p>
        {photo && tags === null && <p className="faint">{words.common.loading}</p>}
        <TagList tags={first} />
        {tags && (
          <details>
            <summary>{words.exif.all(tags.length)}</summary>
            <TagList tags={tags} />
          </details>
        )}
      </div>
    </aside>
  )
}

function TagList({ tags }: { tags: readonly { tag: string; name: string; value: string }[] }) {
  return (
    <dl className="exif__list">
      {tags.map(({ tag, name, value }, at) => (
        // A file may hold the same tag twice.
        <div key={`${at} ${tag}`} title={tag}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
