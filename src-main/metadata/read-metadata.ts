/** Reads what a photo and its sidecars hold now. Never opens anything for writing. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { MetadataSnapshot, PhotoKind } from '../contract/model.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { effectiveSnapshot, type FieldSource } from './effective-values.ts'
import type { ExifToolPool } from './exiftool-process.ts'
import { asText, type RawTags, readFieldTags } from './raw-tags.ts'
import { belongsTo, type FoundSidecar, findSidecars, hasRawTwin } from './sidecars.ts'
import { DEFAULT_RULES, goesBeside, type WritingRules } from './writing-rules.ts'

export interface PhotoMetadata {
  snapshot: MetadataSnapshot
  embedded: RawTags
  /** Sidecars that describe this photo, the deciding one first. */
  sidecars: (FoundSidecar & { raw: RawTags })[]
  /** `photo.xmp` is there but belongs to another file of the same stem. */
  stemTaken: boolean
  hasC2pa: boolean
}

export interface MetadataReader {
  /**
   * Effective values with their sources and conflicts. Where the words go beside the photo the sidecar decides, of two the one that the
   * settings name, else the file itself.
   * @throws StudioError file-missing, not-a-photo, path-unreadable, metadata-damaged, sidecar-damaged, exiftool-failed, exiftool-timeout
   */
  read(photo: { path: string; kind: PhotoKind }): Promise<MetadataSnapshot>
  /** The same with the tags behind it. */
  readWhole(photo: { path: string; kind: PhotoKind }): Promise<PhotoMetadata>
}

type ReadingRules = Pick<WritingRules, 'sidecarKinds' | 'sidecarNaming'>

export function createMetadataReader(exiftool: ExifToolPool, rules: () => ReadingRules = () => DEFAULT_RULES): MetadataReader {
  const readWhole = async ({ path: photoPath, kind }: { path: string; kind: PhotoKind }): Promise<PhotoMetadata> => {
    const names = await namesBeside(photoPath)
    await requirePlainFile(photoPath, 'not-a-photo')
    const embedded = await readFieldTags(exiftool, photoPath)
    if (embedded.errors.length > 0) {
      throw new StudioError('metadata-damaged', `ExifTool cannot read the metadata: ${embedded.errors[0]}.`, { data: { path: photoPath } })
    }
    let stemTaken = false
    const sidecars: PhotoMetadata['sidecars'] = []
    for (const sidecar of findSidecars(photoPath, names)) {
      if (sidecar.style === 'stem' && kind !== 'raw' && kind !== 'dng' && hasRawTwin(photoPath, names)) {
        stemTaken = true
        continue
      }
      await requirePlainFile(sidecar.path, 'sidecar-damaged')
      const raw = await readFieldTags(exiftool, sidecar.path)
      const [trouble] = [...raw.errors, ...raw.warnings]
      if (trouble !== undefined || asText(raw.tags.get('File:FileType')) !== 'XMP') {
        throw new StudioError(
          'sidecar-damaged',
          `The sidecar ${path.basename(sidecar.path)} is not readable XMP: ${trouble ?? 'another kind of file'}.`,
          {
            data: { path: sidecar.path },
          },
        )
      }
      if (sidecar.style === 'stem' && !belongsTo(photoPath, asText(raw.tags.get('XMP-photoshop:SidecarForExtension')))) {
        stemTaken = true
        continue
      }
      sidecars.push({ ...sidecar, raw })
    }
    const { sidecarNaming } = rules()
    sidecars.sort((a, b) => Number(b.style === sidecarNaming) - Number(a.style === sidecarNaming))
    const own: FieldSource = { prefix: '', raw: embedded }
    const beside = sidecars.map((sidecar): FieldSource => ({ prefix: 'sidecar ', raw: sidecar.raw }))
    const snapshot = effectiveSnapshot(goesBeside(kind, rules()) ? [...beside, own] : [own, ...beside])
    const hasC2pa = [...embedded.tags].some(([tag, value]) => tag.startsWith('JUMBF:') && String(value).includes('c2pa'))
    return { snapshot, embedded, sidecars, stemTaken, hasC2pa }
  }
  return { readWhole, read: async (photo) => (await readWhole(photo)).snapshot }
}

/** ExifTool would wait for ever at a pipe or a device. */
async function requirePlainFile(filePath: string, code: 'not-a-photo' | 'sidecar-damaged'): Promise<void> {
  const data = { path: filePath }
  const facts = await stat(filePath).catch((error: unknown) => {
    throw findErrno(error) === 'ENOENT' || findErrno(error) === 'ENOTDIR'
      ? new StudioError('file-missing', `${filePath} is gone.`, { data, cause: error })
      : new StudioError('path-unreadable', `${filePath} cannot be read.`, { data, cause: error })
  })
  if (!facts.isFile()) throw new StudioError(code, `${filePath} is not a plain file.`, { data })
}

async function namesBeside(photoPath: string): Promise<string[]> {
  try {
    return await readdir(path.dirname(photoPath))
  } catch (error) {
    if (findErrno(error) === 'ENOENT')
      throw new StudioError('file-missing', `The folder of ${photoPath} is gone.`, { data: { path: photoPath }, cause: error })
    throw new StudioError('path-unreadable', `The folder of ${photoPath} cannot be read.`, { data: { path: photoPath }, cause: error })
  }
}
