/** Judges a photo as a monochrome. Runs in the imaging worker: decode and analysis share the pixels, which never travel. */
import { analyseMono, type MonoAnalysis } from '../../mono/analyse.ts'
import type { PixelSource } from '../ports.ts'
import type { MonoCall } from '../worker-calls.ts'
import { withPhoto } from './open-photo.ts'
import { isSrgbProfile, readSharpMetadata, turnUpright } from './pixels.ts'
import type { RawReader } from './raw-reader.ts'
import { readSourcePixels } from './source-pixels.ts'

/** Long edge of what is decoded: larger photos are shrunk by the decoder, the rest of the way goes through linear light. */
const DECODED_EDGE = 2048
const SIDEWAYS = 5

/** @throws StudioError of IMAGING_ERRORS; photo-damaged also for a photo of which a part would decode: half a picture gets no verdict. */
export function checkMono({ path, kind, strictness }: MonoCall, raws: RawReader): Promise<{ analysis: MonoAnalysis; source: PixelSource }> {
  return withPhoto(path, kind, async (photo) => {
    const { pixels, orientation } = await readSourcePixels(photo, DECODED_EDGE, 'truncated', raws)
    const upright = await turnUpright(pixels, orientation)
    const known = photo.type === 'raw' || photo.type === 'jxl' ? null : await readSharpMetadata(photo.path)
    const size = known ?? upright
    const isSideways = known !== null && orientation >= SIDEWAYS
    const source: PixelSource = {
      width: isSideways ? size.height : size.width,
      height: isSideways ? size.width : size.height,
      from: photo.type === 'raw' ? 'preview' : 'photo',
      profile: known?.icc === undefined ? 'assumed' : isSrgbProfile(known.icc) ? 'srgb' : 'converted',
      hadAlpha: known?.hasAlpha === true,
    }
    return { analysis: analyseMono(upright, { strictness, original: source }), source }
  })
}
