import { describe, expect, it } from 'vitest'
import { parseExifTime, parseOrientation, parsePosition } from '../../../src-main/imaging/decoding/capture-facts.ts'
import { parseRawFacts, previewOrientation } from '../../../src-main/imaging/decoding/raw-reader.ts'

describe('capture time', () => {
  it('applies the offset the right way round, also over midnight', () => {
    expect(parseExifTime('2024:01:01 00:30:00', '+02:00')).toBe(Date.UTC(2023, 11, 31, 22, 30))
    expect(parseExifTime('2024:01:01 00:30:00', '-03:30')).toBe(Date.UTC(2024, 0, 1, 4, 0))
    expect(parseExifTime('2024:01:01 00:30:00')).toBe(Date.UTC(2024, 0, 1, 0, 30))
    expect(parseExifTime('2024:01:01 00:30:00.25', 'nonsense')).toBe(Date.UTC(2024, 0, 1, 0, 30, 0, 250))
  })

  it('does not make a date out of a camera whose clock was never set', () => {
    for (const text of [
      '0000:00:00 00:00:00',
      '2024:02:30 10:00:00',
      '2024:13:01 10:00:00',
      '2024:01:01 24:00:00',
      '    :  :     :  :  ',
      '',
      5,
      undefined,
    ]) {
      expect(parseExifTime(text), String(text)).toBeNull()
    }
  })
})

describe('position', () => {
  it('puts south and west below zero', () => {
    const tags = { GPSLatitude: [33, 51, 36], GPSLatitudeRef: 'S', GPSLongitude: [70, 30, 0], GPSLongitudeRef: 'W' }
    expect(parsePosition(tags)).toEqual({ latitude: expect.closeTo(-33.86), longitude: -70.5 })
  })

  it('is absent when empty, out of range, not a number, or a receiver without a fix', () => {
    expect(parsePosition({})).toBeNull()
    expect(parsePosition({ GPSLatitude: [95, 0, 0], GPSLongitude: [1, 0, 0] })).toBeNull()
    expect(parsePosition({ GPSLatitude: [Number.NaN, 0, 0], GPSLongitude: [1, 0, 0] })).toBeNull()
    expect(parsePosition({ GPSLatitude: [0, 0, 0], GPSLongitude: [0, 0, 0] })).toBeNull()
    expect(parsePosition({ GPSLatitude: [], GPSLongitude: [1] })).toBeNull()
  })
})

describe('RAW facts', () => {
  it('orders previews by size and reads both spellings of the picture size', () => {
    const facts = parseRawFacts({
      ImageSize: '6000 4000',
      Orientation: 8,
      JpgFromRaw: '(Binary data 900000 bytes, use -b option to extract)',
      ThumbnailImage: '(Binary data 8000 bytes, use -b option to extract)',
    })
    expect(facts).toMatchObject({ width: 6000, height: 4000, orientation: 8 })
    expect(facts.previews.map(({ tag }) => tag)).toEqual(['ThumbnailImage', 'JpgFromRaw'])
    expect(parseRawFacts({ ImageSize: '6000x4000' })).toMatchObject({ width: 6000, height: 4000, orientation: 1 })
  })

  it('does not turn a preview that the camera already stored upright', () => {
    const raw = { width: 6000, height: 4000, orientation: 6 }
    expect(previewOrientation(raw, { width: 1616, height: 1080 })).toBe(6)
    expect(previewOrientation(raw, { width: 1080, height: 1616 })).toBe(1)
    expect(previewOrientation({ ...raw, orientation: 3 }, { width: 1616, height: 1080 })).toBe(3)
  })

  it('takes an orientation outside 1 to 8 for upright', () => {
    expect([0, 9, 'x', undefined, 6].map(parseOrientation)).toEqual([1, 1, 1, 1, 6])
  })
})
