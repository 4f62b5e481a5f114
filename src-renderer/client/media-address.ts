import type { ThumbSize } from './studio-client.ts'

/**
 * The one place that knows how a picture is addressed: by id, never by path. `v` changes with the file's content,
 * so that a picture may be cached for ever.
 */
export function mediaAddress(base: 'studio-media://thumb' | '/media/thumb', photoId: number, size: ThumbSize, contentHash: string | null): string {
  const address = `${base}/${photoId}/${size}`
  return contentHash === null ? address : `${address}?v=${contentHash.slice(0, 16)}`
}
