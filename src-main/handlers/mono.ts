/** The mono checker over photos of the library. */
import type { Handlers } from '../contract/routes/index.ts'
import type { MonoCheck, MonoStrictness } from '../contract/mono.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import type { PhotoRecord, PhotoStore } from '../library/ports.ts'

export interface MonoParts {
  photos: Pick<PhotoStore, 'find'>
  checkMono(photo: PhotoRecord, strictness: MonoStrictness): Promise<MonoCheck>
}

export function createMonoHandlers({ photos, checkMono }: MonoParts): Pick<Handlers, 'mono.check'> {
  return {
    'mono.check': ({ photoIds, strictness }) =>
      Promise.all(
        photoIds.map(async (photoId) => {
          const photo = photos.find(photoId)
          if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
          try {
            return { photoId, path: photo.path, check: await checkMono(photo, strictness), problem: null }
          } catch (error) {
            if (!(error instanceof StudioError)) throw error
            return { photoId, path: photo.path, check: null, problem: toProblem(error) }
          }
        }),
      ),
  }
}
