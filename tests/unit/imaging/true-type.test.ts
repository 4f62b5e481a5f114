import { describe, expect, it } from 'vitest'
import { sniff } from '../../../src-main/imaging/decoding/true-type.ts'

const ftyp = (...brands: string[]) =>
  Buffer.concat([Buffer.from([0, 0, 0, 8 + 4 * (brands.length + 1)]), Buffer.from(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 'latin1')])

describe('the type of a file by its first bytes', () => {
  it.each([
    ['jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1')],
    ['tiff', Buffer.from('MM\0*\0\0\0\x08', 'latin1')],
    ['raw', Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1')],
    ['raw', ftyp('crx ', 'isom')],
    ['raw', Buffer.from('FUJIFILMCCD-RAW 0201', 'latin1')],
    // iPhones write heic; many encoders write mif1 and tell the codec only among the compatible brands.
    ['heif', ftyp('mif1', 'mif1', 'heic')],
    ['avif', ftyp('mif1', 'avif', 'mif1')],
    ['jxl', Buffer.from([0xff, 0x0a, 1, 2])],
    ['jxl', Buffer.from('\0\0\0\x0cJXL \r\n\x87\n', 'latin1')],
  ])('finds %s', (type, head) => {
    expect(sniff(head)).toEqual({ is: 'picture', type })
  })

  it('does not take a video, an SVG, a text or zeros for a picture', () => {
    expect(sniff(ftyp('qt  '))).toEqual({ is: 'foreign', name: 'video', image: false })
    expect(sniff(ftyp('isom', 'mp42'))).toMatchObject({ is: 'foreign' })
    expect(sniff(Buffer.from('<?xml version="1.0"?>\n<SVG width="9">'))).toEqual({ is: 'text', name: 'svg' })
    expect(sniff(Buffer.from('Grüße, meine Notizen\n'))).toEqual({ is: 'text', name: 'text' })
    expect(sniff(Buffer.alloc(512))).toEqual({ is: 'damaged' })
    expect(sniff(Buffer.from([1, 2, 3, 4, 5]))).toEqual({ is: 'unknown' })
    expect(sniff(Buffer.from('AT&TFORM\0\0\0\0DJVM', 'latin1'))).toMatchObject({ is: 'foreign', name: 'DjVu' })
  })

  it('reads heads of any length without running over their end', () => {
    const whole = ftyp('heic', 'mif1')
    for (let length = 1; length < whole.length; length += 1) expect(() => sniff(whole.subarray(0, length))).not.toThrow()
  })
})
