/**
 * The head of a GGUF file, versions 2 and 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Bounded in bytes, counts and
 * depth whatever the file claims; tensor data is never read.
 */
import { open } from 'node:fs/promises'
import { StudioError } from '../../lib/studio-error.ts'

const FIRST_READ_BYTES = 4 * 1024 * 1024
const HEADER_CAP_BYTES = 64 * 1024 * 1024
const PAIRS_CAP = 100_000
const TENSORS_CAP = 100_000
const DIMENSIONS_CAP = 8
const ARRAY_DEPTH_CAP = 3
/** Of all lists of one head; the largest vocabularies with their merges hold fewer than a million. */
const ITEMS_CAP = 2_000_000
const KEPT_STRING_BYTES = 1024
const KEPT_ARRAY_LENGTH = 1024

type Scalar = string | number | boolean
/** Long strings are cut; of long lists and lists of strings only the length is kept. */
export type GgufValue = Scalar | readonly (number | boolean)[] | { length: number }

export interface GgufHeader {
  version: number
  metadata: ReadonlyMap<string, GgufValue>
  tensorCount: number
  /** Weights in all tensors. */
  parameters: number
}

const damaged = (reason: string) => new StudioError('weights-missing', `not a usable GGUF file: ${reason}`, { data: { reason } })

/** Thrown when the bytes at hand end before the header does. */
class HeaderContinues extends Error {}

interface Cursor {
  bytes(count: number): Buffer
  u32(): number
  u64(): number
  skip(count: number): void
  /** Counts one item of a list that has to be gone through. */
  countItem(): void
}

function createCursor(buffer: Buffer): Cursor {
  let at = 0
  let items = 0
  const take = (count: number): number => {
    if (!Number.isSafeInteger(count) || count < 0) throw damaged('a length that no file can have')
    if (at + count > buffer.length) throw new HeaderContinues()
    at += count
    return at - count
  }
  return {
    bytes: (count) => {
      const from = take(count)
      return buffer.subarray(from, from + count)
    },
    u32: () => buffer.readUInt32LE(take(4)),
    u64: () => {
      const from = take(8)
      const high = buffer.readUInt32LE(from + 4)
      if (high > 0x1f_ffff) throw damaged('a number that no file can need')
      return high * 0x1_0000_0000 + buffer.readUInt32LE(from)
    },
    skip: (count) => void take(count),
    countItem: () => {
      items += 1
      if (items > ITEMS_CAP) throw damaged('its lists are longer than any model needs')
    },
  }
}

const FIXED_SIZES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 }
const STRING_TYPE = 8
const ARRAY_TYPE = 9

function readScalar(bytes: Buffer, type: number): number | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8(0)
    case 1:
      return bytes.readInt8(0)
    case 2:
      return bytes.readUInt16LE(0)
    case 3:
      return bytes.readInt16LE(0)
    case 4:
      return bytes.readUInt32LE(0)
    case 5:
      return bytes.readInt32LE(0)
    case 6:
      return bytes.readFloatLE(0)
    case 7:
      return bytes.readUInt8(0) !== 0
    case 10:
      return Number(bytes.readBigUInt64LE(0))
    case 11:
      return Number(bytes.readBigInt64LE(0))
    default:
      return bytes.readDoubleLE(0)
  }
}

function readString(cursor: Cursor): string {
  const length = cursor.u64()
  const kept = cursor.bytes(Math.min(length, KEPT_STRING_BYTES)).toString('utf8')
  cursor.skip(length - Math.min(length, KEPT_STRING_BYTES))
  return kept
}

function readArray(cursor: Cursor, depth: number): GgufValue {
  if (depth > ARRAY_DEPTH_CAP) throw damaged('lists inside lists without end')
  const type = cursor.u32()
  const length = cursor.u64()
  const size = FIXED_SIZES[type]
  if (size !== undefined) {
    if (length > KEPT_ARRAY_LENGTH) cursor.skip(length * size)
    else return Array.from({ length }, () => readScalar(cursor.bytes(size), type))
    return { length }
  }
  for (let i = 0; i < length; i++) {
    cursor.countItem()
    if (type === STRING_TYPE) cursor.skip(cursor.u64())
    else if (type === ARRAY_TYPE) readArray(cursor, depth + 1)
    else throw damaged(`an unknown type ${type}`)
  }
  return { length }
}

function readValue(cursor: Cursor, type: number): GgufValue {
  if (type === STRING_TYPE) return readString(cursor)
  if (type === ARRAY_TYPE) return readArray(cursor, 1)
  const size = FIXED_SIZES[type]
  if (size === undefined) throw damaged(`an unknown type ${type}`)
  return readScalar(cursor.bytes(size), type)
}

function readTensorWeights(cursor: Cursor): number {
  cursor.skip(cursor.u64())
  const dimensions = cursor.u32()
  if (dimensions > DIMENSIONS_CAP) throw damaged('a tensor of too many dimensions')
  let weights = 1
  for (let i = 0; i < dimensions; i++) weights *= cursor.u64()
  // Its type and where its data lies.
  cursor.skip(4 + 8)
  return weights
}

function parse(buffer: Buffer): GgufHeader {
  const cursor = createCursor(buffer)
  if (cursor.bytes(4).toString('latin1') !== 'GGUF') throw damaged('it does not begin like one')
  const version = cursor.u32()
  if (version !== 2 && version !== 3) throw damaged(`version ${version} is not known`)
  const tensorCount = cursor.u64()
  const pairCount = cursor.u64()
  if (pairCount > PAIRS_CAP || tensorCount > TENSORS_CAP) throw damaged('it claims more entries than a model has')
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < pairCount; i++) {
    const key = readString(cursor)
    metadata.set(key, readValue(cursor, cursor.u32()))
  }
  let parameters = 0
  for (let i = 0; i < tensorCount; i++) parameters += readTensorWeights(cursor)
  if (!Number.isSafeInteger(parameters)) throw damaged('it claims more weights than a file can hold')
  return { version, metadata, tensorCount, parameters }
}

/** @throws StudioError `weights-missing` for what is no GGUF file, is cut off or hostile; errors of the file system as they are. */
export async function readGgufHeader(file: string): Promise<GgufHeader> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    for (let want = FIRST_READ_BYTES; ; want *= 4) {
      const buffer = Buffer.allocUnsafe(Math.min(want, size, HEADER_CAP_BYTES))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
      try {
        return parse(buffer.subarray(0, bytesRead))
      } catch (error) {
        if (!(error instanceof HeaderContinues)) throw error
        if (bytesRead >= size) throw damaged('it is cut off')
        if (want >= HEADER_CAP_BYTES) throw damaged(`its head is larger than ${HEADER_CAP_BYTES} bytes`)
      }
    }
  } finally {
    await handle.close()
  }
}
