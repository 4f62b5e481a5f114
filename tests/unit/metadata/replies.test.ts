import { describe, expect, it } from 'vitest'
import { findReply } from '../../../src-main/metadata/exiftool-process.ts'

const inChunks = (text: string, sizeBytes: number): Buffer[] => {
  const bytes = Buffer.from(text)
  return Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, at) => bytes.subarray(at * sizeBytes, (at + 1) * sizeBytes))
}

describe('replies in chunks', () => {
  it('a letter of several bytes survives any cut', () => {
    const text = '[{"Title":"é港𝄞👩‍🚀"}]\n'
    for (let sizeBytes = 1; sizeBytes < 40; sizeBytes++) {
      const chunks = inChunks(`${text}{ready}\n`, sizeBytes)
      expect(findReply(chunks.slice(0, -1))).toBeNull()
      expect(findReply(chunks)).toBe(text)
    }
    expect(findReply([Buffer.from('{ready}\r\n')])).toBe('')
  })

  it('the end mark inside a text or at the end of a longer line is no end', () => {
    expect(findReply([Buffer.from('"{ready}\n')])).toBeNull()
    expect(findReply([Buffer.from('a title that says {ready}\n')])).toBeNull()
    expect(findReply([Buffer.from('{ready}\nmore')])).toBeNull()
  })
})
