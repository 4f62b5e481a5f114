import type { PhotoKind } from '../contract/model.ts'
import { stemOf } from './classify-name.ts'

export interface NamedPhoto {
  name: string
  kind: PhotoKind
}

/** A JPEG goes to the camera's RAW before it goes to a DNG, which may be a conversion of that RAW. */
const RAW_ORDER: readonly PhotoKind[] = ['raw', 'dng']

/**
 * RAW name → name of its JPEG, for the photos of one folder. Same stem; where no JPEG has the exact stem, one that differs only in
 * case, if it is the only one. Each JPEG belongs to one RAW at most.
 */
export function pairPhotos(photos: readonly NamedPhoto[]): Map<string, string> {
  const pairs = new Map<string, string>()
  const raws = RAW_ORDER.flatMap((kind) => photos.filter((photo) => photo.kind === kind))
  if (raws.length === 0) return pairs
  const free = new Set(photos.filter(({ kind }) => kind === 'jpeg').map(({ name }) => name))
  const byStem = new Map<string, string[]>()
  for (const name of free) {
    const stem = stemOf(name).toLowerCase()
    byStem.set(stem, [...(byStem.get(stem) ?? []), name])
  }
  const take = (raw: string, jpeg: string | undefined) => {
    if (jpeg === undefined) return
    pairs.set(raw, jpeg)
    free.delete(jpeg)
  }
  const candidates = (raw: string) => (byStem.get(stemOf(raw).toLowerCase()) ?? []).filter((jpeg) => free.has(jpeg))
  for (const { name } of raws) {
    take(
      name,
      candidates(name).find((jpeg) => stemOf(jpeg) === stemOf(name)),
    )
  }
  for (const { name } of raws) {
    if (pairs.has(name)) continue
    const others = candidates(name)
    if (others.length === 1) take(name, others[0])
  }
  return pairs
}
