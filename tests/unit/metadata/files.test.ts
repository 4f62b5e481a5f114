import { describe, expect, it } from 'vitest'
import { assign, encodeValue } from '../../../src-main/metadata/exiftool-arguments.ts'
import { detectSignature, findJpegEnd, fitsKind, isWhole } from '../../../src-main/metadata/file-signature.ts'
import { createLocks, inOrder } from '../../../src-main/metadata/locks.ts'
import { isOurTemp, newTempPath, removeTemp } from '../../../src-main/metadata/safe-file.ts'
import { belongsTo, findSidecars, hasRawTwin, newSidecarPath } from '../../../src-main/metadata/sidecars.ts'

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((character) => character.charCodeAt(0)) : part)))

describe('values on their way to ExifTool', () => {
  it('no value can add a line, be decoded, or lose its spaces', () => {
    expect(encodeValue('a\r\n-execute\tb')).toBe('a&#13;&#10;-execute&#9;b')
    expect(encodeValue('R&eacute; &amp; &#65;')).toBe('R&amp;eacute; &amp;amp; &amp;#65;')
    expect(encodeValue(' x ')).toBe('&#32;x&#32;')
    expect(encodeValue('a\u2028b\u00a0c\u0085')).not.toMatch(/[\u2028\u00a0\u0085]/)
  })

  it('absent, empty, list', () => {
    expect(assign('T', null)).toEqual(['-T='])
    expect(assign('T', '')).toEqual(['-T^='])
    expect(assign('T', ['a', 'b'])).toEqual(['-T=a', '-T=b'])
    expect(assign('T', [])).toEqual(['-T='])
  })
})

describe('sidecars', () => {
  it('finds both names without regard to case, stem first', () => {
    expect(findSidecars('/p/IMG_1.CR3', ['img_1.xmp', 'IMG_1.cr3.XMP', 'IMG_10.xmp', 'IMG_1.CR3']).map((found) => found.path)).toEqual([
      '/p/img_1.xmp',
      '/p/IMG_1.cr3.XMP',
    ])
    expect(findSidecars('/p/café.nef', ['cafe\u0301.xmp'])).toHaveLength(1)
  })

  it('the stem name beside a RAW is the RAW’s', () => {
    expect(hasRawTwin('/p/a.jpg', ['a.jpg', 'A.DNG'])).toBe(true)
    expect(hasRawTwin('/p/a.jpg', ['a.jpg', 'ab.dng', 'a.png'])).toBe(false)
    expect(belongsTo('/p/a.CR3', 'cr3')).toBe(true)
    expect(belongsTo('/p/a.dng', 'CR3')).toBe(false)
    expect(belongsTo('/p/a.dng', null)).toBe(true)
  })

  it('names a new one', () => {
    expect([newSidecarPath('/p/a.b.cr3', 'stem'), newSidecarPath('/p/a.b.cr3', 'full-name')]).toEqual(['/p/a.b.xmp', '/p/a.b.cr3.xmp'])
  })
})

describe('true types', () => {
  it('knows a file by its bytes', () => {
    expect(detectSignature(bytes([0xff, 0xd8, 0xff, 0xe1]))).toBe('jpeg')
    expect(detectSignature(bytes('II+\0'))).toBe('bigtiff')
    expect(detectSignature(bytes('\0\0\0\x1cftypmif1\0\0\0\0mif1avif'))).toBe('avif')
    expect(detectSignature(bytes('\0\0\0\x1cftypheic\0\0\0\0mif1heic'))).toBe('heif')
    expect(detectSignature(bytes('hello'))).toBe('unknown')
    expect(fitsKind('jpeg', 'png')).toBe(false)
    expect(fitsKind('raw', 'jpeg')).toBe(false)
    expect(fitsKind('raw', 'unknown')).toBe(true)
  })

  it('sees a JPEG that ends too early, and one with data behind its end', () => {
    const whole = bytes([0xff, 0xd8, 0xff, 0xe1, 0, 2, 0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd9])
    expect(findJpegEnd(whole)).toBe(whole.length)
    expect(findJpegEnd(bytes([...whole], 'trailer \xff\xd9'))).toBe(whole.length)
    for (let length = 2; length < whole.length; length++) expect(findJpegEnd(whole.subarray(0, length))).toBeNull()
    expect(isWhole('webp', bytes('RIFF', [100, 0, 0, 0], 'WEBP'))).toBe(false)
    expect(isWhole('png', bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 1], 'IDAT', [1, 0, 0, 0, 0], [0, 0, 0, 0], 'IEND', [0, 0, 0, 0]))).toBe(true)
    expect(isWhole('png', bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 9], 'IDAT', [1, 0, 0]))).toBe(false)
    expect(isWhole('avif', bytes([0, 0, 0, 8], 'ftyp', [0, 0, 0, 99], 'mdat'))).toBe(false)
  })
})

describe('temporary files', () => {
  it('have a name of their own, however long or odd the photo’s is, and only those are removed', async () => {
    const temp = newTempPath(`/p/${'x'.repeat(240)}.JPG`)
    expect(temp).toMatch(/^\/p\/\.iws-[0-9a-f]{12}\.tmp\.jpg$/)
    expect(isOurTemp(temp)).toBe(true)
    await expect(removeTemp('/p/photo.jpg_exiftool_tmp')).rejects.toThrow(/not a temporary file of ours/)
    await expect(removeTemp('/p/.iws-.tmp.jpg')).rejects.toThrow()
  })
})

describe('order', () => {
  it('work on one file never overlaps, also after a failure; results keep the order of the items', async () => {
    const withLock = createLocks()
    let inside = 0
    const work = async (fails: boolean) => {
      expect(++inside).toBe(1)
      await Promise.resolve()
      inside--
      if (fails) throw new Error('x')
      return 'ok'
    }
    expect(
      (await Promise.allSettled([true, false, true, false].map((fails) => withLock('a', () => work(fails))))).map((result) => result.status),
    ).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    let running = 0
    const results = await inOrder([3, 1, 2], 2, async (turns) => {
      expect(++running).toBeLessThanOrEqual(2)
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      running--
      return turns * 10
    })
    expect(results).toEqual([30, 10, 20])
  })
})
