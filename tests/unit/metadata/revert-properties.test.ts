import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PlanChange } from '../../../src-main/contract/model.ts'
import { decodeLatin, latinBytes } from '../../../src-main/metadata/iptc-text.ts'
import { encodeValue } from '../../../src-main/metadata/exiftool-arguments.ts'
import type { TagValues } from '../../../src-main/metadata/ports.ts'
import { asText, interpretReply, type RawTags } from '../../../src-main/metadata/raw-tags.ts'
import { currentValue, planRevertEdits, planTagEdits } from '../../../src-main/metadata/tag-edits.ts'

/** Any character at all, planes beyond the first included. */
const text = fc.string({ unit: 'binary', maxLength: 80 })
const words = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 70 }), { minLength: 1, maxLength: 4 })

/** What a file holds: the tags by name. Text in IPTC is declared UTF-8. */
const held = fc.record(
  {
    'XMP-dc:Title': text,
    'XMP-dc:Title-de': text,
    'XMP-dc:Description': text,
    'XMP-dc:Description-fr': text,
    'XMP-iptcCore:AltTextAccessibility': text,
    'XMP-iptcCore:ExtDescrAccessibility': text,
    'XMP-iwstudio:MonoVerdict': text,
    'XMP-dc:Subject': words,
    'XMP-lr:HierarchicalSubject': words,
    'XMP-photoshop:Headline': text,
    'XMP-xmp:Rating': fc.constant('3'),
    'XMP-x:XMPToolkit': fc.constant('Somebody 1.0'),
    'IPTC:ObjectName': text,
    'IPTC:Caption-Abstract': text,
    'IPTC:Keywords': words,
    'IFD0:ImageDescription': text,
    'IFD0:XResolution': fc.constant('300'),
    'Photoshop:IPTCDigest': fc.constant('aa'),
    'File:CurrentIPTCDigest': fc.constantFrom('aa', 'bb'),
  },
  { requiredKeys: [] },
)
const changes: fc.Arbitrary<PlanChange[]> = fc
  .record(
    {
      title: fc.option(text),
      description: fc.option(text),
      altText: fc.option(text),
      extendedDescription: fc.option(text),
      monoVerdict: fc.option(text),
      keywords: fc.option(words),
      hierarchicalKeywords: fc.option(words),
    },
    { requiredKeys: [] },
  )
  .map((wish) =>
    Object.entries(wish).map(([field, to]) => ({
      field: field as PlanChange['field'],
      from: null,
      to: to ?? (field.endsWith('eywords') ? [] : null),
    })),
  )
const extras = fc.record({ mirrorHeadline: fc.boolean(), digikamTags: fc.boolean(), provenance: fc.constant(null) })

const rawOf = (tags: Record<string, unknown>): RawTags => {
  const declared = Object.keys(tags).some((tag) => tag.startsWith('IPTC:')) ? { 'IPTC:CodedCharacterSet': '\x1b%G' } : {}
  return interpretReply(JSON.stringify([{ SourceFile: '/a.jpg', 'File:FileType': 'JPEG', ...declared, ...tags }]), '/a.jpg', {
    errors: [],
    warnings: [],
  })
}
/** What ExifTool makes of the values: a tag is set or removed. */
const write = (tags: Record<string, unknown>, values: TagValues) => {
  const result = { ...tags }
  for (const [tag, value] of Object.entries(values)) {
    if (value === null) delete result[tag]
    else result[tag] = value
  }
  return result
}

it('taking back is the inverse of writing, for any text in any field and any file before it', () => {
  fc.assert(
    fc.property(held, changes, fc.boolean(), extras, (tags, wanted, isMirrored, added) => {
      const before = rawOf(tags)
      const edits = planTagEdits(before, wanted, { isMirrored, sidecarFor: null, extras: added })
      const written = rawOf(write(tags, edits.values))
      for (const [tag, value] of Object.entries(edits.values)) expect(currentValue(written, tag)).toEqual(value)
      const { edits: back, threeWay } = planRevertEdits(written, edits.before, edits.values)
      expect(threeWay.every((line) => line.restored)).toBe(true)
      const after = rawOf(write(write(tags, edits.values), back.values))
      for (const tag of new Set([...before.tags.keys(), ...after.tags.keys()])) {
        if (!tag.startsWith('IPTC:Coded')) expect([tag, currentValue(after, tag)]).toEqual([tag, currentValue(before, tag)])
      }
    }),
    { numRuns: 400 },
  )
})

it('taking back touches nothing that somebody changed since, and gives back the rest', () => {
  fc.assert(
    fc.property(held, changes, text, fc.nat(), (tags, wanted, theirs, pick) => {
      const edits = planTagEdits(rawOf(tags), wanted, { isMirrored: true, sidecarFor: null })
      const touched = Object.keys(edits.values).filter((tag) => asText(rawOf(tags).tags.get(tag)) !== `${theirs}!`)
      fc.pre(touched.length > 0)
      const theirTag = touched[pick % touched.length]!
      const changed = { ...write(tags, edits.values), [theirTag]: `${theirs}!` }
      const { edits: back } = planRevertEdits(rawOf(changed), edits.before, edits.values)
      const isOurs = JSON.stringify(currentValue(rawOf(changed), theirTag)) === JSON.stringify(edits.values[theirTag])
      if (!isOurs) expect(Object.keys(back.values)).not.toContain(theirTag)
      for (const tag of touched) {
        if (tag === theirTag) continue
        const now = currentValue(rawOf(write(changed, back.values)), tag)
        expect([tag, now]).toEqual([tag, currentValue(rawOf(tags), tag)])
      }
    }),
    { numRuns: 300 },
  )
})

it('no text can leave its line, be decoded, or lose its ends on the way to ExifTool', () => {
  fc.assert(
    fc.property(text, (value) => {
      const sent = encodeValue(value)
      expect(sent).not.toMatch(/[\r\n\0]|^ | $/)
      expect(decodeEntities(sent)).toBe(value)
    }),
    { numRuns: 1000 },
  )
})

it('every run of bytes goes through Latin and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(latinBytes(decodeLatin(bytes))).toEqual(bytes)
    }),
  )
})

const decodeEntities = (sent: string) =>
  sent.replace(/&#(\d+);|&amp;/g, (whole, code?: string) => (code === undefined ? '&' : String.fromCodePoint(Number(code)) || whole))
