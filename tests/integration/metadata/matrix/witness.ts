/** Looks at files beside the product: a process of its own for tags, independent decoders for pixels. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import decodeHeic from 'heic-decode'
import sharp from 'sharp'
import { expect } from 'vitest'
import { createExifToolPool } from '../../../../src-main/metadata/exiftool-process.ts'
import type { PhotoToWrite } from '../../../../src-main/metadata/metadata-writer.ts'
import type { WantedFields } from '../../../../src-main/metadata/ports.ts'
import { leftovers, sha, stampOf, type WriterKit } from '../../../helpers/writer-kit.ts'

export const WORDS: WantedFields = {
  title: { text: 'Möwe über dem Hafen', policy: 'replace' },
  description: { text: 'A gull above the harbour — 港の上のカモメ 🐦.', policy: 'replace' },
  altText: { text: 'A gull in flight', policy: 'replace' },
  extendedDescription: { text: 'A gull crosses from left to right above grey water.', policy: 'replace' },
  keywords: { list: null, add: ['gull', '2024', '港'], remove: [] },
}

/** Tags that carry our words or come along with them. */
const OURS =
  /^(XMP-dc:(Title|Description|Subject)|XMP-iptcCore:(AltText|ExtDescr)Accessibility|IPTC:(ObjectName|Caption-Abstract|Keywords|CodedCharacterSet|EnvelopeRecordVersion|ApplicationRecordVersion)|Photoshop:IPTCDigest|IFD0:(ImageDescription|XResolution|YResolution|ResolutionUnit|YCbCrPositioning)|XMP-x:XMPToolkit|XMP-xmpNote:HasExtendedXMP)$/
const NOT_CONTENT =
  /^(SourceFile$|(System|ExifTool|Composite|File):)|(Offsets?|Start|Pointer|MPImageLength)$|MediaData(Size)?$|^RIFF:(Copy\d+:)?(WebP_Flags|ImageWidth|ImageHeight)$/

export interface Witness {
  /** Every tag by `Group:Name` with its contents. */
  tags(file: string): Promise<Record<string, unknown>>
  /** The bytes of a binary tag. */
  bytesOf(file: string, tag: string): Promise<Buffer | null>
  dispose(): Promise<void>
}

export function createWitness(): Witness {
  const pool = createExifToolPool({ maxProcesses: 1 })
  return {
    async tags(file) {
      const { stdout } = await pool.run(
        ['-json', '-a', '-G1:4', '-n', '-b', '-struct', '-u', '-api', 'StructFormat=JSONQ', '-api', 'RequestAll=3', '-all', file],
        { retriable: true },
      )
      const [entry] = JSON.parse(stdout) as Record<string, unknown>[]
      return Object.fromEntries(Object.entries(entry ?? {}).filter(([key]) => !NOT_CONTENT.test(key)))
    },
    async bytesOf(file, tag) {
      const { stdout } = await pool.run(['-json', '-b', `-${tag}`, file], { retriable: true })
      const value = Object.entries((JSON.parse(stdout) as Record<string, unknown>[])[0] ?? {}).find(([key]) => key !== 'SourceFile')?.[1]
      return typeof value === 'string' && value.startsWith('base64:') ? Buffer.from(value.slice(7), 'base64') : null
    },
    dispose: () => pool.dispose(),
  }
}

/** SHA-256 of every decoded pixel of every page, as stored. */
export async function pixelHash(file: string): Promise<string> {
  const bytes = readFileSync(file)
  const isHevc = /^....ftyp(hei|mif1heic|msf1)/s.test(bytes.toString('latin1', 0, 24))
  if (isHevc) {
    const { data, width, height } = await decodeHeic({ buffer: bytes })
    return `${width}x${height}:${createHash('sha256').update(new Uint8Array(data)).digest('hex')}`
  }
  const { pages = 1, format } = await sharp(bytes).metadata()
  const hash = createHash('sha256')
  // Pages of a TIFF may differ in size; frames of an animation build on one another.
  const looks = format === 'tiff' ? Array.from({ length: pages }, (_, page) => ({ page })) : [{ pages: -1 }]
  for (const look of looks) {
    const { data, info } = await sharp(bytes, { failOn: 'error', ...look })
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true })
    hash.update(`${info.width}x${info.height}x${info.channels}`).update(data)
  }
  return hash.digest('hex')
}

/**
 * Writes `WORDS`, proves that pixels and every other tag stayed, that the words are there, that a second write moves nothing, and that
 * taking back gives every tag back. `during` looks at the written file.
 */
export async function expectKept(kit: WriterKit, witness: Witness, photo: PhotoToWrite, during?: () => Promise<void> | void): Promise<void> {
  const before = { tags: await witness.tags(photo.path), pixels: await pixelHash(photo.path) }
  const { plan, outcome } = await kit.save(photo, WORDS)
  expect(outcome).toMatchObject({ outcome: 'written', message: null })
  expect(plan.targetPath).toBe(photo.path)
  const tags = await witness.tags(photo.path)
  expect(withoutOurs(tags)).toEqual(withoutOurs(before.tags))
  expect(tags['XMP-dc:Title']).toBe(WORDS.title!.text)
  expect(await pixelHash(photo.path)).toBe(before.pixels)
  await during?.()
  const stamp = stampOf(photo.path)
  expect((await kit.save(photo, WORDS)).outcome.outcome).toBe('unchanged')
  expect(stampOf(photo.path)).toEqual(stamp)
  expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', message: null })
  expect(await witness.tags(photo.path)).toEqual(before.tags)
  expect(await pixelHash(photo.path)).toBe(before.pixels)
  expectTidy(photo.path)
}

const withoutOurs = (tags: Record<string, unknown>) => Object.fromEntries(Object.entries(tags).filter(([key]) => !OURS.test(key)))

/** Plans and writes; the photo is refused or fails with a reason, and neither bytes, time nor folder changed. */
export async function expectUntouched(kit: WriterKit, photo: PhotoToWrite, codes: readonly string[], wanted: WantedFields = WORDS): Promise<void> {
  const before = { sha: sha(photo.path), stamp: stampOf(photo.path) }
  const { outcome } = await kit.save(photo, wanted)
  expect(['refused', 'failed']).toContain(outcome.outcome)
  expect(codes).toContain(outcome.code)
  expect(outcome.message).toBeTruthy()
  expect({ sha: sha(photo.path), stamp: stampOf(photo.path) }).toEqual(before)
  expectTidy(photo.path)
}

export const expectTidy = (file: string) => expect(leftovers(file.slice(0, file.lastIndexOf('/')))).toEqual([])
