/** Everything one look at a file tells: hash, upright size, capture time, position. Runs in the imaging worker. */
import { createHash } from 'node:crypto'
import type { PhotoKind } from '../../contract/model.ts'
import { StudioError } from '../../lib/studio-error.ts'
import { cameraName, readIptcKeywords, readXmpMarks, toRating } from '../../lib/xmp-marks.ts'
import type { LookResult } from '../ports.ts'
import { parseExifTime, parseOffsetMinutes, parseOrientation, parsePosition, swapsSides } from './capture-facts.ts'
import { judgeCompleteness } from './completeness.ts'
import { findJxlStructure } from './jxl-structure.ts'
import { type OpenPhoto, readFailure, withPhoto } from './open-photo.ts'
import { checkPixelCount, decodePixels, readSharpMetadata } from './pixels.ts'
import type { RawReader } from './raw-reader.ts'

type Facts = Omit<LookResult, 'contentHash'>
type Marks = LookResult['marks']

/**
 * Reads the file once for its hash and a few pieces of it for the rest.
 * A cut-off photo throws photo-damaged with `contentHash`, `width` and `height` in its data, so that what still decodes can be shown.
 */
export function lookPhoto(path: string, kind: PhotoKind, raws: RawReader): Promise<LookResult> {
  return withPhoto(path, kind, async (photo) => {
    const contentHash = await hashFile(photo)
    const facts = await readFacts(photo, raws)
    if (facts.width < 1 || facts.height < 1) throw new StudioError('photo-damaged', 'the file tells no size', { data: { contentHash } })
    if (photo.type !== 'raw') checkPixelCount(facts.width, facts.height)
    await checkComplete(photo, { contentHash, width: facts.width, height: facts.height })
    return { contentHash, ...facts }
  })
}

async function hashFile({ handle }: OpenPhoto): Promise<string> {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(1_048_576)
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position).catch((error: unknown) => {
      throw readFailure(error)
    })
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(chunk.subarray(0, bytesRead))
    position += bytesRead
  }
}

async function readFacts(photo: OpenPhoto, raws: RawReader): Promise<Facts> {
  if (photo.type === 'raw') {
    const { previews: _, width, height, ...facts } = await raws.facts(photo.path)
    return {
      ...upright(width, height, facts.orientation),
      takenAtMs: facts.takenAtMs,
      takenAtOffsetMinutes: facts.takenAtOffsetMinutes,
      gps: facts.gps,
      marks: facts.marks,
    }
  }
  if (photo.type === 'jxl') {
    const structure = await findJxlStructure(photo)
    if (!structure) throw new StudioError('photo-damaged', 'no JPEG XL picture in the file')
    const { camera, rating, ...exif } = await readExif(structure.exif)
    return { ...upright(structure.width, structure.height, structure.orientation), ...exif, marks: { camera, rating, keywords: [] } }
  }
  const metadata = await readSharpMetadata(photo.path)
  // In HEIF and AVIF the file's own turn is already applied, and EXIF's is to be ignored.
  const orientation = photo.type === 'heif' || photo.type === 'avif' ? 1 : parseOrientation(metadata.orientation)
  const { camera, rating, ...exif } = await readExif(metadata.exif ?? (photo.type === 'tiff' ? photo.path : null))
  return { ...upright(metadata.width, metadata.height, orientation), ...exif, marks: withPackets(metadata, { camera, rating }) }
}

function upright(width: number, height: number, orientation: number): Pick<Facts, 'width' | 'height' | 'orientation'> {
  return swapsSides(orientation) ? { width: height, height: width, orientation } : { width, height, orientation }
}

/** XMP says stars and keywords, IPTC keywords where XMP has none. */
function withPackets({ xmp, iptc }: { xmp?: Buffer; iptc?: Buffer }, { camera, rating }: Pick<Marks, 'camera' | 'rating'>): Marks {
  const said = xmp ? readXmpMarks(xmp.toString('utf8')) : { rating: null, keywords: [] }
  const keywords = said.keywords.length === 0 && iptc ? readIptcKeywords(iptc) : said.keywords
  return { camera, rating: said.rating ?? rating, keywords }
}

const NO_EXIF = { takenAtMs: null, takenAtOffsetMinutes: null, gps: null, camera: null, rating: null }

/** @param source TIFF bytes of the EXIF block, or a TIFF file's path. Damaged EXIF tells nothing and fails nothing. */
async function readExif(
  source: Buffer | string | null,
): Promise<Pick<Facts, 'takenAtMs' | 'takenAtOffsetMinutes' | 'gps'> & Pick<Marks, 'camera' | 'rating'>> {
  if (source === null) return NO_EXIF
  const { default: exifr } = await import('exifr')
  const tiff = typeof source === 'string' || source.toString('latin1', 0, 4) !== 'Exif' ? source : source.subarray(6)
  try {
    const tags: unknown = await exifr.parse(tiff, {
      tiff: true,
      ifd0: {},
      exif: true,
      gps: true,
      xmp: false,
      icc: false,
      iptc: false,
      reviveValues: false,
      translateValues: false,
    })
    if (typeof tags !== 'object' || tags === null) return NO_EXIF
    const { DateTimeOriginal, OffsetTimeOriginal, Make, Model, Rating } = tags as Record<string, unknown>
    return {
      takenAtMs: parseExifTime(DateTimeOriginal, OffsetTimeOriginal),
      takenAtOffsetMinutes: parseOffsetMinutes(OffsetTimeOriginal),
      gps: parsePosition(tags),
      camera: cameraName(Make, Model),
      rating: toRating(Rating),
    }
  } catch {
    return NO_EXIF
  }
}

async function checkComplete(photo: OpenPhoto, data: Record<string, unknown>): Promise<void> {
  const judged = await judgeCompleteness(photo, photo.type)
  if (judged === 'complete') return
  if (judged === 'cut-off') throw new StudioError('photo-damaged', 'the file ends before its picture does', { data })
  // A bare JPEG XL stream can only be judged by its slow decoder: left to the first thumbnail.
  if (photo.type === 'jxl') return
  try {
    await decodePixels(photo.path, 64, 'truncated')
  } catch (error) {
    if (error instanceof StudioError) throw new StudioError(error.code, error.message, { data: { ...error.data, ...data }, cause: error })
    throw error
  }
}
