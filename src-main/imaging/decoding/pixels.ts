/** sharp as this studio uses it: few loaders, one thread, no cache, an own pixel limit, sRGB out. Loaded on demand, inside the imaging worker. */
import type sharpModule from 'sharp'
import type { Sharp, SharpOptions } from 'sharp'
import { StudioError } from '../../lib/studio-error.ts'

/** 8-bit sRGB, three channels, as stored in the file (orientation not yet applied). */
export interface Pixels {
  data: Buffer
  width: number
  height: number
}

/** One decode may not make more than this: 120 megapixels. */
export const MAX_PIXELS = 120_000_000
const MID_GREY = { r: 128, g: 128, b: 128 }
const LOADERS = ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadTiff', 'VipsForeignLoadWebp', 'VipsForeignLoadHeif']

type SharpFactory = typeof sharpModule
let loading: Promise<SharpFactory> | undefined

export function loadSharp(): Promise<SharpFactory> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({ operation: LOADERS })
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  })
  return loading
}

/** `truncated`: a cut-off file is an error. `none`: whatever decodes is shown. */
export type Strictness = 'truncated' | 'none'

export function checkPixelCount(width: number, height: number): void {
  if (width * height > MAX_PIXELS) {
    throw new StudioError('photo-too-large', `${width} x ${height} pixels are over the limit of one decode`, {
      data: { width, height, maxPixels: MAX_PIXELS },
    })
  }
}

/** What libvips says about a file of a known type, as one of our codes. */
export function decodeFailure(error: unknown): unknown {
  if (error instanceof StudioError || !(error instanceof Error)) return error
  const message = error.message
  if (/pixel limit/i.test(message))
    return new StudioError('photo-too-large', 'over the pixel limit of one decode', { data: { maxPixels: MAX_PIXELS }, cause: error })
  if (/ENOENT|No such file/i.test(message)) return new StudioError('path-missing', 'the file is not there any more', { cause: error })
  if (/EACCES|permission denied/i.test(message)) return new StudioError('path-unreadable', 'the file cannot be read', { cause: error })
  // The first line only: libvips repeats itself, and names what it met.
  const reason = message.split('\n')[0]!.slice(0, 200)
  if (/not supported|unsupported (?!image format)|unimplemented/i.test(message))
    return new StudioError('photo-unsupported', reason, { data: { reason }, cause: error })
  return new StudioError('photo-damaged', reason, { data: { reason }, cause: error })
}

export async function readSharpMetadata(input: string | Buffer) {
  const sharp = await loadSharp()
  try {
    return await sharp(input, { limitInputPixels: false, failOn: 'none' }).metadata()
  } catch (error) {
    throw decodeFailure(error)
  }
}

/** Colour conversion costs more than decoding, and an sRGB profile changes nothing. */
export function isSrgbProfile(icc: Buffer | undefined): boolean {
  if (!icc || icc.toString('latin1', 16, 20) !== 'RGB ') return false
  // The description is ASCII in version 2 profiles and UTF-16 in version 4.
  const text = icc.toString('latin1', 128).replaceAll('\0', '')
  return /sRGB/.test(text) && !/linear|scRGB|display p3/i.test(text)
}

/** Decodes once, shrinking while it decodes where the format can: upright-agnostic, long edge at most `longEdge`, alpha on mid grey. */
export async function decodePixels(
  input: string | Buffer,
  longEdge: number,
  strictness: Strictness,
  options: Pick<SharpOptions, 'raw' | 'ignoreIcc'> = {},
): Promise<Pixels> {
  const sharp = await loadSharp()
  try {
    const pipeline = shrink(sharp(input, { ...options, limitInputPixels: MAX_PIXELS, failOn: strictness, sequentialRead: true }), longEdge)
    const { data, info } = await pipeline.flatten({ background: MID_GREY }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
    if (info.channels !== 3) throw new Error(`expected 3 channels from sharp, got ${info.channels}`)
    return { data, width: info.width, height: info.height }
  } catch (error) {
    throw decodeFailure(error)
  }
}

function shrink(pipeline: Sharp, longEdge: number): Sharp {
  return pipeline.resize({ width: longEdge, height: longEdge, fit: 'inside', withoutEnlargement: true })
}

/** EXIF orientation as sharp's mirror (flip upside down, flop left to right) and turn. It mirrors first, however the calls are ordered. */
const UPRIGHT: Record<number, (pipeline: Sharp) => Sharp> = {
  2: (pipeline) => pipeline.flop(),
  3: (pipeline) => pipeline.rotate(180),
  4: (pipeline) => pipeline.flip(),
  5: (pipeline) => pipeline.flip().rotate(90),
  6: (pipeline) => pipeline.rotate(90),
  7: (pipeline) => pipeline.flop().rotate(90),
  8: (pipeline) => pipeline.rotate(270),
}

/** Upright JPEG without any metadata, long edge at most `longEdge`. */
export async function encodeJpeg(
  pixels: Pixels,
  orientation: number,
  longEdge: number,
  quality: number,
): Promise<{ jpeg: Buffer; width: number; height: number }> {
  const sharp = await loadSharp()
  const source = sharp(pixels.data, { raw: { width: pixels.width, height: pixels.height, channels: 3 }, limitInputPixels: MAX_PIXELS })
  const turned = UPRIGHT[orientation]?.(source) ?? source
  const { data, info } = await shrink(turned, longEdge).jpeg({ quality }).toBuffer({ resolveWithObject: true })
  return { jpeg: data, width: info.width, height: info.height }
}

/** The same pixels with the orientation applied. */
export async function turnUpright(pixels: Pixels, orientation: number): Promise<Pixels> {
  const turn = UPRIGHT[orientation]
  if (!turn) return pixels
  const sharp = await loadSharp()
  const source = sharp(pixels.data, { raw: { width: pixels.width, height: pixels.height, channels: 3 }, limitInputPixels: MAX_PIXELS })
  const { data, info } = await turn(source).raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
