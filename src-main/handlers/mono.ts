/** The mono checker over photos of the library. */
import type { Handlers } from '../contract/routes/index.ts'
import type { Imaging } from '../imaging/ports.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import type { PhotoStore } from '../library/ports.ts'

export function createMonoHandlers({
  photos,
  imaging,
}: {
  photos: Pick<PhotoStore, 'find'>
  imaging: Pick<Imaging, 'checkMono'>
}): Pick<Handlers, 'mono.check'> {
  return {
    'mono.check': ({ photoIds, strictness }) =>
      Promise.all(
        photoIds.map(async (photoId) => {
          const photo = photos.find(photoId)
          if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
          try {
            const { analysis, source } = await imaging.checkMono(photo, { strictness })
            const { curve: _, ...told } = analysis
            return { photoId, path: photo.path, check: { ...told, source }, problem: null }
          } catch (error) {
            if (!(error instanceof StudioError)) throw error
            return { photoId, path: photo.path, check: null, problem: toProblem(error) }
          }
        }),
      ),
  }
}
