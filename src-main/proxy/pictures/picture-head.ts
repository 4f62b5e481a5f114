/** Size and kind of a picture from its first bytes, nothing decoded. JPEG, PNG, WebP, GIF and BMP; null for anything else. Pure. */
import type { PictureBytes } from './data-address.ts'

export interface PictureHead {
  kind: 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp'
  width: number
  height: number
  /** May be see-through. */
  hasAlpha: boolean
}

export function readPictureHead(bytes: PictureBytes): PictureHead | null {
  const head = bytes.read(0, 40)
  if (head.length < 26) return null
  const found = readPng(head) ?? readGif(head) ?? readBmp(head) ?? readWebp(head) ?? readJpeg(bytes, head)
  return found && found.width > 0 && found.height > 0 ? found : null
}

const textAt = (head: Buffer, start: number, end: number) => head.toString('latin1', start, end)

function readPng(head: Buffer): PictureHead | null {
  if (head.readUInt32BE(0) !== 0x89504e47 || textAt(head, 12, 16) !== 'IHDR') return null
  const colourType = head[25] ?? 0
  return { kind: 'png', width: head.readUInt32BE(16), height: head.readUInt32BE(20), hasAlpha: colourType === 4 || colourType === 6 }
}

function readGif(head: Buffer): PictureHead | null {
  if (textAt(head, 0, 4) !== 'GIF8') return null
  return { kind: 'gif', width: head.readUInt16LE(6), height: head.readUInt16LE(8), hasAlpha: true }
}

function readBmp(head: Buffer): PictureHead | null {
  if (textAt(head, 0, 2) !== 'BM') return null
  return { kind: 'bmp', width: Math.abs(head.readInt32LE(18)), height: Math.abs(head.readInt32LE(22)), hasAlpha: false }
}

function readWebp(head: Buffer): PictureHead | null {
  if (textAt(head, 0, 4) !== 'RIFF' || textAt(head, 8, 12) !== 'WEBP' || head.length < 30) return null
  const chunk = textAt(head, 12, 16)
  if (chunk === 'VP8X')
    return { kind: 'webp', width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1, hasAlpha: ((head[20] ?? 0) & 0x10) !== 0 }
  if (chunk === 'VP8 ') return { kind: 'webp', width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff, hasAlpha: false }
  if (chunk !== 'VP8L') return null
  const bits = head.readUInt32LE(21)
  return { kind: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: ((bits >>> 28) & 1) === 1 }
}

/** Segments before the frame: profiles, previews, comments. A picture of a camera has a dozen. */
const MOST_SEGMENTS = 512

function readJpeg(bytes: PictureBytes, head: Buffer): PictureHead | null {
  if (head.readUInt16BE(0) !== 0xffd8) return null
  let at = 2
  for (let i = 0; i < MOST_SEGMENTS; i++) {
    const segment = bytes.read(at, 9)
    if (segment.length < 9 || segment[0] !== 0xff) return null
    const marker = segment[1]!
    if (marker === 0xff) {
      at += 1
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { kind: 'jpeg', width: segment.readUInt16BE(7), height: segment.readUInt16BE(5), hasAlpha: false }
    at += 2 + segment.readUInt16BE(2)
  }
  return null
}
