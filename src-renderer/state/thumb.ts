import type { PhotoSummary } from '../../src-main/contract/model.ts'
import { FULL_SIZE_PX, type ThumbSize } from '../client/studio-client.ts'
import type { Studio } from './studio.ts'

export { FULL_SIZE_PX }

/** Address of a photo's picture, or undefined while the studio has not looked at the file yet or cannot show it. */
export function findThumbUrl(studio: Studio, photo: PhotoSummary, size: ThumbSize): string | undefined {
  if (photo.problem !== null || photo.contentHash === null) return undefined
  return studio.client.thumbUrl(photo.id, size, photo.contentHash)
}
