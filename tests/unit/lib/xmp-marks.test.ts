import { describe, expect, it } from 'vitest'
import { cameraName, readIptcKeywords, readXmpMarks, toRating } from '../../../src-main/lib/xmp-marks.ts'

describe('marks in an XMP packet', () => {
  it('are read as attribute and as element, with entities, and tell nothing where nothing is', () => {
    const bag = '<dc:subject><rdf:Bag><rdf:li>Fish &amp; chips</rdf:li><rdf:li>caf&#233;</rdf:li><rdf:li> </rdf:li></rdf:Bag></dc:subject>'
    expect(readXmpMarks(`<rdf:Description xmp:Rating="3">${bag}`)).toEqual({ rating: 3, keywords: ['Fish & chips', 'café'] })
    expect(readXmpMarks('<xmp:Rating>-1</xmp:Rating>')).toEqual({ rating: -1, keywords: [] })
    expect(readXmpMarks('<x xmp:RatingPercent="75"/>')).toEqual({ rating: null, keywords: [] })
  })

  it('never give a number of stars that does not exist', () => {
    expect([toRating(7), toRating(4.5), toRating('5'), toRating(Number.NaN), toRating(-2)]).toEqual([null, 4, null, null, null])
    expect(readXmpMarks('<a xmp:Rating="99"/>').rating).toBeNull()
  })
})

describe('keywords of an IPTC block', () => {
  it('are found wherever the block begins, in UTF-8 and in Latin-1, and a length that lies ends nothing else', () => {
    const entry = (word: Buffer) => Buffer.concat([Buffer.from([0x1c, 2, 25, 0, word.length]), word])
    const block = Buffer.concat([
      Buffer.from('Photoshop 3.0\0'),
      Buffer.from([0x1c, 2, 25, 0xff, 0xff]),
      entry(Buffer.from('Größe')),
      Buffer.from([0x1c, 2, 5, 0, 1, 65]),
      entry(Buffer.from('caf\xe9', 'latin1')),
    ])
    expect(readIptcKeywords(block)).toEqual(['Größe', 'café'])
  })
})

describe('the name of a camera', () => {
  it('says the maker once', () => {
    expect(cameraName('Canon', 'Canon EOS R5')).toBe('Canon EOS R5')
    expect(cameraName('NIKON CORPORATION', 'NIKON Z 8')).toBe('NIKON Z 8')
    expect(cameraName('SONY', 'ILCE-7M4\0')).toBe('SONY ILCE-7M4')
    expect(cameraName(undefined, 5)).toBeNull()
  })
})
