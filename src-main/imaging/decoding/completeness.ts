/** Whether a file's structure says that bytes are missing, told from a few reads. Pure over a byte source. */
import type { ByteSource } from './byte-source.ts'
import { readIsoBoxes } from './iso-boxes.ts'
import { findJpegStructure, hasJpegEnd } from './jpeg-structure.ts'
import type { TrueType } from './true-type.ts'

/** `doubtful`: the structure cannot tell, only decoding can. */
export type Completeness = 'complete' | 'cut-off' | 'doubtful'

export async function judgeCompleteness(source: ByteSource, type: TrueType): Promise<Completeness> {
  switch (type) {
    case 'jpeg': {
      const structure = await findJpegStructure(source)
      if (!structure) return 'cut-off'
      return (await hasJpegEnd(source, structure.scanStart)) ? 'complete' : 'doubtful'
    }
    case 'png':
      return (await source.readAt(Math.max(0, source.sizeBytes - 65_536), 65_536)).includes('IEND') ? 'complete' : 'doubtful'
    case 'webp':
      return (await source.readAt(4, 4)).readUInt32LE(0) + 8 <= source.sizeBytes ? 'complete' : 'cut-off'
    case 'heif':
    case 'avif':
      return (await readIsoBoxes(source)).some(({ cutOff }) => cutOff) ? 'cut-off' : 'complete'
    case 'jxl':
      if ((await source.readAt(0, 1))[0] === 0xff) return 'doubtful'
      return (await readIsoBoxes(source)).some(({ cutOff }) => cutOff) ? 'cut-off' : 'complete'
    case 'tiff':
      return (await tiffDataEnd(source)) <= source.sizeBytes ? 'complete' : 'cut-off'
    case 'raw':
      return 'complete'
  }
}

const STRIP_TAGS = { 273: 'offsets', 279: 'lengths', 324: 'offsets', 325: 'lengths' } as const
/** Bytes of one value by TIFF field type. */
const TYPE_BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 }

/** Where the last byte lies that the first directory speaks of; 0 when that cannot be read (BigTIFF): then decoding will tell. */
async function tiffDataEnd(source: ByteSource): Promise<number> {
  const head = await source.readAt(0, 8)
  if (head.length < 8) return Number.POSITIVE_INFINITY
  const little = head[0] === 0x49
  const u16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const u32 = (bytes: Buffer, at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  if (u16(head, 2) !== 42) return 0
  const ifd = u32(head, 4)
  const count = await source.readAt(ifd, 2)
  if (count.length < 2) return Number.POSITIVE_INFINITY
  const entries = await source.readAt(ifd + 2, u16(count, 0) * 12)
  if (entries.length < u16(count, 0) * 12) return Number.POSITIVE_INFINITY

  let end = 0
  const lists: { offsets: number[]; lengths: number[] } = { offsets: [], lengths: [] }
  for (let at = 0; at + 12 <= entries.length; at += 12) {
    const wordBytes = TYPE_BYTES[u16(entries, at + 2)] ?? 1
    const valueBytes = u32(entries, at + 4) * wordBytes
    const inline = valueBytes <= 4
    if (!inline) end = Math.max(end, u32(entries, at + 8) + valueBytes)
    const list = STRIP_TAGS[u16(entries, at) as keyof typeof STRIP_TAGS]
    if (!list || wordBytes < 2 || wordBytes > 4 || end > source.sizeBytes) continue
    const bytes = inline ? entries.subarray(at + 8, at + 8 + valueBytes) : await source.readAt(u32(entries, at + 8), valueBytes)
    for (let word = 0; word + wordBytes <= bytes.length; word += wordBytes) lists[list].push(wordBytes === 2 ? u16(bytes, word) : u32(bytes, word))
  }
  return lists.offsets.reduce((farthest, offset, index) => Math.max(farthest, offset + (lists.lengths[index] ?? 0)), end)
}
