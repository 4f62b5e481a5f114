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

/** Where the first picture's strips or tiles end; 0 when that cannot be read (BigTIFF, odd directories): then decoding will tell. */
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

  const lists: { offsets: number[]; lengths: number[] } = { offsets: [], lengths: [] }
  for (let at = 0; at + 12 <= entries.length; at += 12) {
    const list = STRIP_TAGS[u16(entries, at) as keyof typeof STRIP_TAGS]
    if (!list) continue
    const wordBytes = u16(entries, at + 2) === 3 ? 2 : 4
    const values = Math.min(u32(entries, at + 4), 100_000)
    const inline = values * wordBytes <= 4
    const bytes = inline ? entries.subarray(at + 8, at + 12) : await source.readAt(u32(entries, at + 8), values * wordBytes)
    if (bytes.length < values * wordBytes) return Number.POSITIVE_INFINITY
    for (let index = 0; index < values; index += 1) lists[list].push(wordBytes === 2 ? u16(bytes, index * 2) : u32(bytes, index * 4))
  }
  return lists.offsets.reduce((end, offset, index) => Math.max(end, offset + (lists.lengths[index] ?? 0)), 0)
}
