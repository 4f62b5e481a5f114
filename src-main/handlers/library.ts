import type { Handlers, Reply } from '../contract/routes/index.ts'
import type { ImportSummary } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { Grants } from '../library/grants.ts'
import type { PhotoRecord, PhotoStore } from '../library/ports.ts'

export interface LibraryParts {
  photos: PhotoStore
  grants: Grants
  importer: {
    start(paths: readonly string[], options: { recursive: boolean }): string
    status(importId: string): ImportSummary
    cancel(importId: string): void
  }
  /** Watched folders were marked or unmarked. */
  watchAgain(): void
  readEverything(photo: PhotoRecord): Promise<Reply<'library.exif'>>
}

const KEYWORDS_A_REPLY = 30

type LibraryRoutes = Extract<keyof Handlers, `library.${string}`>

export function createLibraryHandlers({ photos, grants, importer, watchAgain, readEverything }: LibraryParts): Pick<Handlers, LibraryRoutes> {
  const getPhoto = (photoId: number): PhotoRecord => {
    const photo = photos.find(photoId)
    if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
    return photo
  }

  return {
    'library.browse': ({ grantId }) => grants.browse(grantId),
    'library.import': ({ grantIds, recursive }) => ({
      importId: importer.start(
        grantIds.map((each) => grants.resolve(each)),
        { recursive },
      ),
    }),
    'library.importStatus': ({ importId }) => importer.status(importId),
    'library.cancelImport': ({ importId }) => {
      importer.cancel(importId)
      return {}
    },
    'library.folders': () => photos.folders(),
    'library.photos': ({ offset, limit, ...filter }) => photos.list(filter, offset, limit),
    'library.photoIds': (filter) => photos.ids(filter),
    'library.photo': ({ photoId }) => getPhoto(photoId),
    'library.facets': () => photos.facets(),
    'library.keywords': ({ text }) => photos.keywordsLike(text, KEYWORDS_A_REPLY),
    'library.exif': async ({ photoId }) => readEverything(getPhoto(photoId)),
    'library.openFolder': ({ folderId }) => {
      photos.noteOpened(folderId)
      return {}
    },
    'library.watchFolder': ({ folderId, watched }) => {
      photos.setWatched(folderId, watched)
      watchAgain()
      return photos.folders()
    },
    'library.forgetFolder': ({ folderId }) => {
      const forgotten = photos.forgetFolder(folderId)
      watchAgain()
      return { photos: forgotten }
    },
  }
}
