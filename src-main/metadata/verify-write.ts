/** Whether the rewritten copy holds exactly what was wanted and everything else as before. Pure. */
import type { TagEdits } from './tag-edits.ts'
import { currentValue, sameValue } from './tag-edits.ts'
import type { RawTags } from './raw-tags.ts'

/** Where a tag lies, not what it says: these move when a block before them grows. */
const POSITION_TAG =
  /:(Thumbnail|Preview|PreviewImage|OtherImage|JpgFromRaw\d?|MPImage|Strip|Tile|Free|MakerNote|Data|MediaData|HiddenData|SR2SubIFD|IDCPreview|A100Data|PreviewIFD|Exif|GPS|Interop|SubIFD)(Offsets?|Start|Pointer)$|:MediaDataSize$/
/** About the file on disk, derived from other tags, or renewed by every write. */
const NOT_CONTENT = /^(System|ExifTool|Composite):|^File:(FileSize|CurrentIPTCDigest)$/
/** Bookkeeping of a container: a simple WebP gains a header that repeats its size; a first EXIF block brings its byte order; XMP over 64 KB brings its continuation. All go again. */
const COMES_AND_GOES = /^(RIFF:(WebP_Flags|ImageWidth|ImageHeight)|File:ExifByteOrder|XMP-xmpNote:HasExtendedXMP)$/
const MAY_CHANGE = /^(RIFF:WebP_Flags|XMP-xmpNote:HasExtendedXMP)$/
/** ExifTool names a WebP (lossy or lossless) otherwise with that header than without. */
const sameType = (a: string, b: string) => [a, b].every((type) => type.includes('WEBP')) && a.replace('Extended ', '') === b.replace('Extended ', '')

const COPY = /:Copy\d+:/
const plainKey = (key: string) => key.replace(COPY, ':')

/** One line per difference; empty when the copy is right. At most `limit` lines. */
export function findDifferences(before: RawTags | null, after: RawTags, edits: TagEdits, limit = 10): string[] {
  const differences: string[] = []
  for (const error of after.errors) differences.push(`the copy cannot be read: ${error}`)
  const known = new Set(before?.warnings)
  for (const warning of after.warnings) {
    // The digest is our own decision; see tag-edits.
    if (!known.has(warning) && !/IPTCDigest is not current/.test(warning)) differences.push(`new warning: ${warning}`)
  }
  for (const [tag, wanted] of Object.entries(edits.values)) {
    if (!sameValue(currentValue(after, tag), wanted as string | string[] | null)) differences.push(`${tag} does not hold what was wanted`)
  }
  const free = new Set([...Object.keys(edits.values), ...edits.housekeeping])
  const old = byPlainKey(before, free)
  const fresh = byPlainKey(after, free)
  for (const [key, values] of old) {
    if (MAY_CHANGE.test(key)) continue
    const left = [...(fresh.get(key) ?? [])]
    for (const value of values) {
      const at = left.findIndex((candidate) => candidate === value || (key === 'File:FileType' && sameType(candidate, value)))
      if (at >= 0) left.splice(at, 1)
      else if (left.length > 0) differences.push(`${key} changed`)
      else if (!COMES_AND_GOES.test(key)) differences.push(`${key} is gone`)
    }
    if (left.length > 0 && (fresh.get(key)?.length ?? 0) > values.length && !COMES_AND_GOES.test(key)) differences.push(`${key} appeared again`)
  }
  for (const key of fresh.keys()) {
    // A sidecar that is new brings its own type and nothing else.
    const isNewFile = before === null && key.startsWith('File:')
    if (!old.has(key) && !COMES_AND_GOES.test(key) && !isNewFile) differences.push(`${key} appeared`)
  }
  return differences.slice(0, limit)
}

function byPlainKey(raw: RawTags | null, free: ReadonlySet<string>): Map<string, string[]> {
  const result = new Map<string, string[]>()
  for (const [key, value] of raw?.tags ?? []) {
    const plain = plainKey(key)
    if (free.has(key) || NOT_CONTENT.test(plain) || POSITION_TAG.test(plain)) continue
    const list = result.get(plain)
    if (list === undefined) result.set(plain, [JSON.stringify(value)])
    else list.push(JSON.stringify(value))
  }
  return result
}
