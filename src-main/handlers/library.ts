import type { Handlers } from '../contract/routes/index.ts'
import type { ImportSummary } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { Grants } from '../library/grants.ts'
import type { PhotoStore } from '../library/ports.ts'

export interface LibraryParts {
  photos: PhotoStore
  grants: Grants
  importer: {
    start(paths: readonly string[], options: { recursive: boolean }): string
    status(importId: string): ImportSummary
    cancel(importId: string): void
  }
}

type LibraryRoutes = Extract<keyof Handlers, `library.${string}`>

export function createLibraryHandlers({ photos, grants, importer }: LibraryParts): Pick<Handlers, LibraryRoutes> {
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
    'library.photo': ({ photoId }) => {
      const photo = photos.find(photoId)
      if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
      return photo
    },
    'library.forgetFolder': ({ folderId }) => ({ photos: photos.forgetFolder(folderId) }),
  }
}
