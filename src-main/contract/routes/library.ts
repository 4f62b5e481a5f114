import { z } from 'zod'
import { folder, folderId, grantId, importSummary, photoFilter, photoId, photoSummary } from '../model.ts'
import { route } from '../route.ts'

export const libraryRoutes = {
  /** Lists a granted folder (or the granted roots when no id is given): the folder picker of the browser host. */
  'library.browse': route(
    z.object({ grantId: grantId.optional() }),
    z.object({
      here: z.object({ id: grantId, name: z.string() }).nullable(),
      parentId: grantId.nullable(),
      entries: z.array(z.object({ id: grantId, name: z.string(), kind: z.enum(['folder', 'photo']) })),
      /** True when more than 2,000 entries were there. */
      truncated: z.boolean(),
    }),
  ),
  'library.import': route(z.object({ grantIds: z.array(grantId).min(1).max(1000), recursive: z.boolean() }), z.object({ importId: z.string() })),
  'library.importStatus': route(z.object({ importId: z.string() }), importSummary),
  'library.cancelImport': route(z.object({ importId: z.string() }), z.object({})),
  'library.folders': route(z.object({}), z.array(folder)),
  'library.photos': route(
    photoFilter.extend({ offset: z.int().nonnegative().default(0), limit: z.int().min(1).max(1000).default(200) }),
    z.object({ total: z.int(), items: z.array(photoSummary) }),
  ),
  'library.photoIds': route(photoFilter, z.array(photoId)),
  /** What there is to filter by: cameras, models with proposals, gates that held one back. */
  'library.facets': route(z.object({}), z.object({ cameras: z.array(z.string()), models: z.array(z.string()), gates: z.array(z.string()) })),
  /** Keywords that hold the text, those that begin with it first; at most 30. */
  'library.keywords': route(z.object({ text: z.string().max(200) }), z.array(z.string())),
  'library.photo': route(z.object({ photoId }), photoSummary),
  /** Everything that ExifTool finds in the file, in its order: tag with its group, name and value as text. At most 600. */
  'library.exif': route(z.object({ photoId }), z.array(z.object({ tag: z.string(), name: z.string(), value: z.string() }))),
  /** Notes that the folder was opened in the window. */
  'library.openFolder': route(z.object({ folderId }), z.object({})),
  /** Whether what comes and changes in the folder is taken in by itself. */
  'library.watchFolder': route(z.object({ folderId, watched: z.boolean() }), z.array(folder)),
  /** Forgets the folder and everything below it in our database and caches. No file is touched. */
  'library.forgetFolder': route(z.object({ folderId }), z.object({ photos: z.int() })),
}
