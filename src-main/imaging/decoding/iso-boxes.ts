/** The top-level boxes of an ISO base media file (HEIF, AVIF, JPEG XL in its container). Pure over a byte source. */
import type { ByteSource } from './byte-source.ts'

export interface IsoBox {
  type: string
  /** Of the payload. */
  start: number
  lengthBytes: number
  /** The box says that it reaches beyond the end of the file. */
  cutOff: boolean
}

const MAX_BOXES = 4096

export async function readIsoBoxes(source: ByteSource): Promise<IsoBox[]> {
  const boxes: IsoBox[] = []
  for (let at = 0; at < source.sizeBytes && boxes.length < MAX_BOXES; ) {
    const head = await source.readAt(at, 16)
    if (head.length < 8) break
    let sizeBytes = head.readUInt32BE(0)
    let headBytes = 8
    if (sizeBytes === 1) {
      if (head.length < 16) break
      sizeBytes = Number(head.readBigUInt64BE(8))
      headBytes = 16
    } else if (sizeBytes === 0) {
      sizeBytes = source.sizeBytes - at
    }
    if (sizeBytes < headBytes) break
    boxes.push({
      type: head.toString('latin1', 4, 8),
      start: at + headBytes,
      lengthBytes: sizeBytes - headBytes,
      cutOff: at + sizeBytes > source.sizeBytes,
    })
    at += sizeBytes
  }
  return boxes
}
