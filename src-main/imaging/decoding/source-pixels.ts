/** From a photo of any kind to pixels: an embedded preview where that is enough, else one decode. Runs in the imaging worker. */
import { StudioError } from '../../lib/studio-error.ts'
import { parseOrientation } from './capture-facts.ts'
import { findJpegPreview } from './jpeg-preview.ts'
import { findJpegStructure } from './jpeg-structure.ts'
import { findJxlStructure } from './jxl-structure.ts'
import type { OpenPhoto } from './open-photo.ts'
import { checkPixelCount, decodePixels, isSrgbProfile, type Pixels, readSharpMetadata, type Strictness } from './pixels.ts'
import { previewOrientation, type RawReader } from './raw-reader.ts'
import { decodeHeic, decodeJxl } from './wasm-pixels.ts'

export interface SourcePixels {
  pixels: Pixels
  /** Still to be applied. */
  orientation: number
}

/** The embedded preview of a JPEG when its long edge reaches `longEdge`; undefined where there is none or the kind has none that costs less. */
export async function findPreviewPixels(photo: OpenPhoto, longEdge: number): Promise<SourcePixels | undefined> {
  if (photo.type !== 'jpeg') return undefined
  const structure = await findJpegStructure(photo)
  if (!structure || Math.max(structure.width, structure.height) <= longEdge * 2) return undefined
  const metadata = await readSharpMetadata(photo.path)
  const jpeg = await findJpegPreview(photo, structure, metadata.exif, longEdge)
  if (!jpeg) return undefined
  try {
    return { pixels: await decodeKnown(jpeg, longEdge, 'truncated'), orientation: parseOrientation(metadata.orientation) }
  } catch (error) {
    // A preview that does not decode is no reason to show nothing: the main picture is still there.
    if (error instanceof StudioError) return undefined
    throw error
  }
}

/** One decode of the main picture (of a RAW: of its embedded preview), long edge at most `longEdge`. @throws StudioError of IMAGING_ERRORS */
export async function readSourcePixels(photo: OpenPhoto, longEdge: number, strictness: Strictness, raws: RawReader): Promise<SourcePixels> {
  if (photo.type === 'raw') {
    const facts = await raws.facts(photo.path)
    const preview = await raws.preview(photo.path, facts, longEdge)
    checkPixelCount(preview.width, preview.height)
    return { pixels: await decodeKnown(preview.jpeg, longEdge, strictness), orientation: previewOrientation(facts, preview) }
  }
  if (photo.type === 'jxl') {
    const structure = await findJxlStructure(photo)
    if (!structure) throw new StudioError('photo-damaged', 'no JPEG XL picture in the file')
    checkPixelCount(structure.width, structure.height)
    return { pixels: await decodeJxl(photo.path, photo.sizeBytes, longEdge), orientation: 1 }
  }
  const metadata = await readSharpMetadata(photo.path)
  checkPixelCount(metadata.width, metadata.height)
  if (metadata.compression === 'hevc') return { pixels: await decodeHeic(photo.path, photo.sizeBytes, longEdge, metadata.icc), orientation: 1 }
  const pixels = await decodePixels(photo.path, longEdge, strictness, { ignoreIcc: isSrgbProfile(metadata.icc) })
  return { pixels, orientation: photo.type === 'heif' || photo.type === 'avif' ? 1 : parseOrientation(metadata.orientation) }
}

async function decodeKnown(jpeg: Buffer, longEdge: number, strictness: Strictness): Promise<Pixels> {
  const { icc } = await readSharpMetadata(jpeg)
  return decodePixels(jpeg, longEdge, strictness, { ignoreIcc: isSrgbProfile(icc) })
}
