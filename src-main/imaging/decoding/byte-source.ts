/** A file as the parsers of this room see it: a size, and bytes at an offset (fewer at the end of the file). */
export interface ByteSource {
  readonly sizeBytes: number
  readAt(offset: number, lengthBytes: number): Promise<Buffer>
}

export function bytesOf(buffer: Buffer): ByteSource {
  return { sizeBytes: buffer.length, readAt: async (offset, lengthBytes) => buffer.subarray(offset, offset + lengthBytes) }
}
