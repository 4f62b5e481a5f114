/** What a file is by its name alone. Whether its bytes agree is for imaging to say. */
import type { PhotoKind } from '../contract/model.ts'

export type IgnoredAs = 'hidden' | 'own-temporary' | 'own-artefact' | 'sidecar' | 'backup' | 'system' | 'not-a-photo'
export type NamedAs = { kind: PhotoKind; reason: null } | { kind: null; reason: IgnoredAs }

const KIND_OF_EXTENSION: ReadonlyMap<string, PhotoKind> = new Map<string, PhotoKind>([
  ...['jpg', 'jpeg', 'jpe', 'jfif'].map((extension) => [extension, 'jpeg'] as const),
  ...['tif', 'tiff'].map((extension) => [extension, 'tiff'] as const),
  ...['heic', 'heif', 'hif'].map((extension) => [extension, 'heif'] as const),
  ['png', 'png'],
  ['webp', 'webp'],
  ['avif', 'avif'],
  ['jxl', 'jxl'],
  ['dng', 'dng'],
  ...'cr2 cr3 crw nef nrw arw srf sr2 orf raf rw2 raw rwl pef srw 3fr fff iiq mos mrw dcr kdc erf mef x3f gpr'
    .split(' ')
    .map((extension) => [extension, 'raw'] as const),
])

/** Words about a photo, kept by us or by other programs: never photos, and never touched by the library. */
const SIDECARS = new Set(['xmp', 'dop', 'pp3', 'on1', 'cos', 'cof', 'cop', 'cot', 'aae', 'thm', 'rpp'])
const SYSTEM_FILES = new Set(['thumbs.db', 'desktop.ini', 'icon\r'])
/** Names of our temporary files beside a target. */
const OWN_TEMPORARY = '.iws-'
/** Pictures that our own analyses leave beside photos. */
const OWN_ARTEFACT = /_lab_(chroma|residual)/i
/** `IMG.jpg_original` of ExifTool, `IMG.jpg.bak`, `IMG.bak.jpg`, `IMG.jpg~`, ExifTool's unfinished `IMG.jpg_exiftool_tmp`. */
const BACKUP = /(_original|_exiftool_tmp|~|\.bak|\.orig|\.old|\.tmp)$|\.(bak|orig)\.[^.]+$/i

export function classifyName(name: string): NamedAs {
  if (name.startsWith(OWN_TEMPORARY)) return { kind: null, reason: 'own-temporary' }
  if (name.startsWith('.')) return { kind: null, reason: 'hidden' }
  if (SYSTEM_FILES.has(name.toLowerCase())) return { kind: null, reason: 'system' }
  if (BACKUP.test(name)) return { kind: null, reason: 'backup' }
  const extension = extensionOf(name)
  if (SIDECARS.has(extension)) return { kind: null, reason: 'sidecar' }
  const kind = KIND_OF_EXTENSION.get(extension)
  if (!kind) return { kind: null, reason: 'not-a-photo' }
  if (OWN_ARTEFACT.test(name)) return { kind: null, reason: 'own-artefact' }
  return { kind, reason: null }
}

/** Folders that belong to another program's library; what they hold is its business. */
const PACKAGE = /\.(photoslibrary|migratedphotolibrary|aplibrary|photolibrary|lrdata|lrlibrary|lrcat-data|cocatalog|backupdb)$/i

export const isPackageName = (folderName: string): boolean => PACKAGE.test(folderName)

/** Lower case, without the dot; '' when there is none. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase()
}

/** The name without its extension. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? name : name.slice(0, dot)
}
