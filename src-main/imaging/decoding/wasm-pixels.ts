/** Pixels of HEIC (libheif) and JPEG XL (libjxl), which sharp cannot decode. WebAssembly, loaded on demand, inside the imaging worker. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { StudioError } from '../../lib/studio-error.ts'
import { withJpegProfile } from './jpeg-structure.ts'
import { decodePixels, isSrgbProfile, loadSharp, type Pixels } from './pixels.ts'

interface Rgba {
  width: number
  height: number
  data: Uint8ClampedArray
}

/** Both decoders take the whole file as one buffer. */
const MAX_FILE_BYTES = 512 * 1_048_576

/** @param profile The picture's colour profile; libheif leaves the pixels in it. */
export async function decodeHeic(path: string, sizeBytes: number, longEdge: number, profile: Buffer | undefined): Promise<Pixels> {
  const { default: decode } = await import('heic-decode')
  const rgba = await attempt('HEIC', sizeBytes, async () => decode({ buffer: await readFile(path) }))
  const raw = { raw: { width: rgba.width, height: rgba.height, channels: 4 as const } }
  if (!profile || isSrgbProfile(profile)) return decodePixels(bufferOf(rgba), longEdge, 'truncated', raw)
  // sharp converts from a profile only when a file holds it, so the shrunk picture makes a short way through a JPEG that does.
  const sharp = await loadSharp()
  const shrunk = sharp(bufferOf(rgba), raw).resize({ width: longEdge, height: longEdge, fit: 'inside', withoutEnlargement: true })
  const jpeg = await shrunk.removeAlpha().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
  return decodePixels(withJpegProfile(jpeg, profile), longEdge, 'truncated')
}

let jxlDecoder: Promise<(bytes: ArrayBuffer) => Promise<Rgba>> | undefined

/** The decoder gives upright sRGB. */
export async function decodeJxl(path: string, sizeBytes: number, longEdge: number): Promise<Pixels> {
  jxlDecoder ??= loadJxlDecoder()
  const decode = await jxlDecoder
  const rgba = await attempt('JPEG XL', sizeBytes, async () => {
    const bytes = await readFile(path)
    return decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer)
  })
  return decodePixels(bufferOf(rgba), longEdge, 'truncated', { raw: { width: rgba.width, height: rgba.height, channels: 4 } })
}

async function loadJxlDecoder(): Promise<(bytes: ArrayBuffer) => Promise<Rgba>> {
  // The decoder hands its result over in a class that only browsers have.
  const scope = globalThis as unknown as { ImageData?: unknown; WebAssembly: { Module: new (bytes: Uint8Array) => object } }
  scope.ImageData ??= class {
    constructor(
      readonly data: Uint8ClampedArray,
      readonly width: number,
      readonly height: number,
    ) {}
  }
  const { default: decode, init } = await import('@jsquash/jxl/decode.js')
  const file = createRequire(import.meta.url).resolve('@jsquash/jxl/codec/dec/jxl_dec.wasm')
  const bytes = await readFile(file)
  await init(new scope.WebAssembly.Module(bytes) as never)
  return decode as unknown as (bytes: ArrayBuffer) => Promise<Rgba>
}

const bufferOf = ({ data }: Rgba) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

async function attempt(format: string, sizeBytes: number, decode: () => Promise<Rgba>): Promise<Rgba> {
  if (sizeBytes > MAX_FILE_BYTES) throw new StudioError('photo-too-large', `a ${format} file of ${sizeBytes} bytes`, { data: { sizeBytes } })
  try {
    return await decode()
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'decoding failed'
    // After an abort the module's memory cannot be trusted for the next photo: the owner ends this process.
    throw new StudioError('photo-damaged', `${format}: ${reason}`, { data: { reason, recycleWorker: true }, cause: error })
  }
}
