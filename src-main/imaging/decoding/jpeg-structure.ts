/** The segments of a JPEG: its size, the previews a camera put beside the picture (MPF), a colour profile put in. Pure over a byte source. */
import type { ByteSource } from './byte-source.ts'

export interface JpegSegment {
  marker: number
  /** Of the payload, after the length word. */
  start: number
  lengthBytes: number
}

export interface JpegStructure {
  /** Stored pixels, before orientation. */
  width: number
  height: number
  segments: JpegSegment[]
  /** Where the compressed picture begins. */
  scanStart: number
}

const MAX_SEGMENTS = 2000

/** Undefined when this is no JPEG whose picture begins within its bytes. */
export async function findJpegStructure(source: ByteSource): Promise<JpegStructure | undefined> {
  const segments: JpegSegment[] = []
  let size: { width: number; height: number } | undefined
  if ((await source.readAt(0, 2)).readUInt16BE(0) !== 0xffd8) return undefined
  for (let at = 2; segments.length < MAX_SEGMENTS; ) {
    const head = await source.readAt(at, 10)
    if (head.length < 4 || head[0] !== 0xff) return undefined
    const marker = head[1]!
    if (marker === 0xff) {
      at += 1
      continue
    }
    const lengthBytes = head.readUInt16BE(2) - 2
    if (lengthBytes < 0) return undefined
    // SOF0 to SOF15 without DHT, JPG and DAC.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (head.length < 9) return undefined
      size = { height: head.readUInt16BE(5), width: head.readUInt16BE(7) }
    }
    segments.push({ marker, start: at + 4, lengthBytes })
    at += 4 + lengthBytes
    if (marker === 0xda) return size && { ...size, segments, scanStart: at }
  }
  return undefined
}

/** Whether the picture's end marker is there: true, or false when it may be cut off. Trailers after the end (motion photos) are allowed for. */
export async function hasJpegEnd(source: ByteSource, scanStart: number): Promise<boolean> {
  const end = Buffer.from([0xff, 0xd9])
  // Nearly always the last two bytes; phones append up to some MB of video, so look from the back in growing steps.
  for (const lengthBytes of [2, 65_536, 8 * 1_048_576]) {
    const from = Math.max(scanStart, source.sizeBytes - lengthBytes)
    if ((await source.readAt(from, lengthBytes)).includes(end)) return true
    if (from === scanStart) return false
  }
  return false
}

/** Multi-Picture Format types of "large thumbnail", VGA and full HD. Gain maps, depth and multi-angle frames have other types and are not previews. */
const PREVIEW_TYPES = new Set([0x010001, 0x010002])

/** Where the previews beside the main picture lie in the file, smallest first. CIPA DC-007. */
export async function findMpfPreviews(source: ByteSource, structure: JpegStructure): Promise<{ start: number; lengthBytes: number }[]> {
  for (const segment of structure.segments) {
    if (segment.marker !== 0xe2 || segment.lengthBytes < 20) continue
    const payload = await source.readAt(segment.start, Math.min(segment.lengthBytes, 4096))
    if (payload.toString('latin1', 0, 4) === 'MPF\0') return parseMpf(payload.subarray(4), segment.start + 4, source.sizeBytes)
  }
  return []
}

function parseMpf(tiff: Buffer, base: number, fileBytes: number): { start: number; lengthBytes: number }[] {
  const little = tiff.toString('latin1', 0, 2) === 'II'
  const u16 = (at: number) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const u32 = (at: number) => (at + 4 > tiff.length ? 0 : little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const ifd = u32(4)
  const entryCount = Math.min(u16(ifd), 64)
  const found: { start: number; lengthBytes: number }[] = []
  for (let index = 0; index < entryCount; index += 1) {
    const entry = ifd + 2 + index * 12
    if (u16(entry) !== 0xb002) continue
    const pictures = Math.min(Math.floor(u32(entry + 4) / 16), 16)
    for (let picture = 0; picture < pictures; picture += 1) {
      const at = u32(entry + 8) + picture * 16
      const start = base + u32(at + 8)
      const lengthBytes = u32(at + 4)
      if (!PREVIEW_TYPES.has(u32(at) & 0xffffff) || u32(at + 8) === 0) continue
      if (lengthBytes > 0 && start + lengthBytes <= fileBytes) found.push({ start, lengthBytes })
    }
  }
  return found.sort((a, b) => a.lengthBytes - b.lengthBytes)
}

/** The same JPEG with a colour profile, cut into APP2 segments as ICC.1 annex B.4 says. The input must not hold one. */
export function withJpegProfile(jpeg: Buffer, profile: Buffer): Buffer {
  const partBytes = 65_519
  const count = Math.ceil(profile.length / partBytes)
  if (count > 255) throw new RangeError('colour profile too large for a JPEG')
  const segments = Array.from({ length: count }, (_, index) => {
    const part = profile.subarray(index * partBytes, (index + 1) * partBytes)
    const head = Buffer.from([0xff, 0xe2, 0, 0, ...Buffer.from('ICC_PROFILE\0', 'latin1'), index + 1, count])
    head.writeUInt16BE(part.length + 16, 2)
    return Buffer.concat([head, part])
  })
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}
