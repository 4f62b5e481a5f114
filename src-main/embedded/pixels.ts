/** One decode of the sent picture, shared by all detectors. Runs in the embedded worker. */
import sharp from 'sharp'
import { StudioError } from '../lib/studio-error.ts'

/** Upright sRGB, three bytes a pixel, rows without padding. */
export interface Pixels {
  bytes: Buffer
  width: number
  height: number
}

const LONG_EDGE_PX = 1280
const LARGEST_PIXELS = 60_000_000

/** @throws StudioError `request-invalid` when the bytes are not a picture that can be decoded. */
export async function decodePixels(image: Uint8Array): Promise<Pixels> {
  try {
    const { data, info } = await sharp(image, { limitInputPixels: LARGEST_PIXELS })
      .autoOrient()
      .toColourspace('srgb')
      .flatten({ background: '#808080' })
      .resize({ width: LONG_EDGE_PX, height: LONG_EDGE_PX, fit: 'inside', withoutEnlargement: true })
      .raw()
      .toBuffer({ resolveWithObject: true })
    if (info.channels === 3) return { bytes: data, width: info.width, height: info.height }
    const rgb = await sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { bytes: rgb.data, width: rgb.info.width, height: rgb.info.height }
  } catch (error) {
    throw new StudioError('request-invalid', 'The picture in the request cannot be decoded.', { cause: error })
  }
}

/** A copy whose longer edge is at most `longEdgePx`. */
export async function shrinkPixels(picture: Pixels, longEdgePx: number): Promise<Pixels> {
  const { data, info } = await sharp(picture.bytes, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .resize({ width: longEdgePx, height: longEdgePx, fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { bytes: data, width: info.width, height: info.height }
}
