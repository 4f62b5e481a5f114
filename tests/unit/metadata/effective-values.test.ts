import { describe, expect, it } from 'vitest'
import { effectiveSnapshot } from '../../../src-main/metadata/effective-values.ts'
import { cutToBytes, decodeLatin, latinBytes, readCharset, reinterpretAsUtf8 } from '../../../src-main/metadata/iptc-text.ts'
import { interpretReply } from '../../../src-main/metadata/raw-tags.ts'

const QUIET = { errors: [], warnings: [] }
const raw = (tags: Record<string, unknown>) => interpretReply(JSON.stringify([{ SourceFile: '/a.jpg', ...tags }]), '/a.jpg', QUIET)
const read = (tags: Record<string, unknown>) => effectiveSnapshot([{ prefix: '', raw: raw(tags) }])
const UTF8 = { 'IPTC:CodedCharacterSet': '\x1b%G' }

describe('the value that counts', () => {
  it('an absent field is null, an empty one is empty', () => {
    expect(read({}).title).toBeNull()
    expect(read({ 'XMP-dc:Title': '' }).title).toBe('')
  })

  it('keeps numbers as the text they are', () => {
    expect(read({ 'XMP-dc:Subject': ['2024', '007', '1e5', 'true'] }).keywords).toEqual(['2024', '007', '1e5', 'true'])
    expect(read({ 'XMP-dc:Subject': '007' }).keywords).toEqual(['007'])
  })

  it('prefers XMP over IPTC without a digest or with a matching one, and shows the conflict', () => {
    const both = { ...UTF8, 'XMP-dc:Title': 'xmp', 'IPTC:ObjectName': 'iptc' }
    expect(read(both).title).toBe('xmp')
    expect(read({ ...both, 'Photoshop:IPTCDigest': 'aa', 'File:CurrentIPTCDigest': 'aa' }).title).toBe('xmp')
    expect(read(both).conflicts).toEqual([
      {
        field: 'title',
        values: [
          { tag: 'XMP-dc:Title', value: 'xmp' },
          { tag: 'IPTC:ObjectName', value: 'iptc' },
        ],
      },
    ])
  })

  it('prefers IPTC when a program edited it alone', () => {
    const edited = { ...UTF8, 'Photoshop:IPTCDigest': 'aa', 'File:CurrentIPTCDigest': 'bb' }
    expect(read({ ...edited, 'XMP-dc:Title': 'xmp', 'IPTC:ObjectName': 'iptc' }).title).toBe('iptc')
    expect(read({ ...edited, 'XMP-dc:Subject': ['x'], 'IPTC:Keywords': ['i'] }).keywords).toEqual(['i'])
  })

  it('does not take the shortened IPTC copy for another text', () => {
    const long = `${'é'.repeat(40)} end`
    const seen = read({
      ...UTF8,
      'Photoshop:IPTCDigest': 'aa',
      'File:CurrentIPTCDigest': 'bb',
      'XMP-dc:Title': long,
      'IPTC:ObjectName': cutToBytes(long, 64),
    })
    expect(seen).toMatchObject({ title: long, conflicts: [] })
  })

  it('reads EXIF text first, but not the camera’s own name and not machine data', () => {
    expect(read({ 'IFD0:ImageDescription': 'exif', 'XMP-dc:Description': 'xmp' }).description).toBe('exif')
    expect(read({ 'IFD0:ImageDescription': 'OLYMPUS DIGITAL CAMERA         ', 'XMP-dc:Description': 'xmp' })).toMatchObject({
      description: 'xmp',
      conflicts: [],
    })
    expect(read({ 'IFD0:ImageDescription': 'ImageJ=1.53\nunit=um' }).description).toBeNull()
  })

  it('takes the default language, else the first there is', () => {
    expect(read({ 'XMP-dc:Title': 'default', 'XMP-dc:Title-de': 'deutsch' }).title).toBe('default')
    expect(read({ 'XMP-dc:Title-de': 'deutsch' }).title).toBe('deutsch')
  })

  it('for RAW the sidecar decides and the embedded value is shown as a conflict', () => {
    const seen = effectiveSnapshot([
      { prefix: 'sidecar ', raw: raw({ 'XMP-dc:Title': 'side' }) },
      { prefix: '', raw: raw({ 'XMP-dc:Title': 'inside' }) },
    ])
    expect(seen).toMatchObject({ title: 'side', sources: { title: ['sidecar XMP-dc:Title'] } })
    expect(seen.conflicts[0]?.values.map((place) => place.tag)).toEqual(['sidecar XMP-dc:Title', 'XMP-dc:Title'])
  })
})

describe('character sets', () => {
  it('undeclared text that is UTF-8 is read as UTF-8, other text as Latin', () => {
    const asLatin = decodeLatin(new TextEncoder().encode('Zürich – 港'))
    expect(raw({ 'IPTC:ObjectName': asLatin })).toMatchObject({ iptcEncoding: 'utf8' })
    expect(read({ 'IPTC:ObjectName': asLatin }).title).toBe('Zürich – 港')
    expect(raw({ 'IPTC:ObjectName': 'Zürich' })).toMatchObject({ iptcEncoding: 'latin' })
    expect(read({ 'IPTC:ObjectName': 'Zürich', 'IPTC:City': asLatin }).title).toBe('Zürich')
  })

  it('EXIF bytes that are not UTF-8 are read as Latin; a text that looks like the carrier stays itself', () => {
    expect(raw({ 'IFD0:ImageDescription': `base64:${Buffer.from([0x43, 0x61, 0x66, 0xe9]).toString('base64')}` })).toMatchObject({
      exifEncoding: 'latin',
    })
    expect(read({ 'IFD0:ImageDescription': `base64:${Buffer.from([0x43, 0x61, 0x66, 0xe9]).toString('base64')}` }).description).toBe('Café')
    expect(read({ 'IFD0:ImageDescription': 'base64:aGk=' }).description).toBe('base64:aGk=')
  })

  it('every byte goes through Latin and back', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    expect(latinBytes(decodeLatin(bytes))).toEqual(bytes)
    expect(reinterpretAsUtf8('\xff\xfe')).toBeNull()
  })

  it('knows which declared sets can be converted', () => {
    expect(['\x1b%G', '\x1b.A', null, '\x1b$)A'].map(readCharset)).toEqual(['utf8', 'latin', 'undeclared', 'unknown'])
  })

  it('cuts between characters, never inside one', () => {
    expect(cutToBytes('é'.repeat(33), 64)).toBe('é'.repeat(32))
    expect(cutToBytes(`${'a'.repeat(62)}🐦`, 64)).toBe('a'.repeat(62))
    expect(cutToBytes('short', 64)).toBe('short')
  })
})

describe('replies', () => {
  it('a reply about another photo is never taken for this one', () => {
    expect(() => interpretReply('[{"SourceFile":"/b.jpg"}]', '/a.jpg', QUIET)).toThrow(/another file/)
    expect(() => interpretReply('garbage', '/a.jpg', QUIET)).toThrow(/did not answer/)
  })
})
