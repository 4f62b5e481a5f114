/** From planned changes (or a journal record) to the exact tags that change, their old and new values, and ExifTool's arguments. Pure. */
import type { PlanChange, ThreeWay } from '../contract/model.ts'
import { isIptcNewer } from './effective-values.ts'
import { assign } from './exiftool-arguments.ts'
import {
  DIGIKAM_TAG,
  EXIF_DESCRIPTION,
  EXIF_HOUSEKEEPING,
  HEADLINE_PLACES,
  HIERARCHY_TAG,
  IPTC_DIGEST,
  IPTC_HOUSEKEEPING,
  isMachineText,
  isMonoField,
  KEYWORD_PLACES,
  MONO_TAGS,
  PROVENANCE_TAGS,
  TEXT_PLACES,
  XMP_TOOLKIT,
} from './fields.ts'
import type { TextEncoding } from './iptc-text.ts'
import { digikamTags } from './keyword-trees.ts'
import { cutFor } from './mirrors.ts'
import type { PlanExtras, TagValues } from './ports.ts'
import { asList, asText, type RawTags } from './raw-tags.ts'

export interface TagEdits {
  /** Tags that carry our fields: what they must hold afterwards, exactly. */
  values: TagValues
  /** Previous values of those and of the tags that come along with them. */
  before: TagValues
  /** Tags that ExifTool may add, renew or remove beside the ones above. */
  housekeeping: readonly string[]
  args: string[]
  /** The stored digest must equal the IPTC block afterwards. */
  renewDigest: boolean
  /** How EXIF text is stored in the result. */
  exifEncoding: TextEncoding
}

const LIST_TAGS: ReadonlySet<string> = new Set([
  KEYWORD_PLACES.xmp,
  KEYWORD_PLACES.iptc.tag,
  HIERARCHY_TAG,
  DIGIKAM_TAG,
  PROVENANCE_TAGS.models,
  PROVENANCE_TAGS.promptHashes,
])
/** Not tags, but what is needed to read the old bytes again. */
const IPTC_ENCODING = 'IPTC:Encoding'
const EXIF_ENCODING = 'EXIF:Encoding'
const UTF8_MARK = '\x1b%G'

export function currentValue(raw: RawTags | null, tag: string): string | string[] | null {
  const value = raw?.tags.get(tag)
  return LIST_TAGS.has(tag) ? asList(value) : asText(value)
}

/** `raw` is what the target holds now; null for a sidecar that does not exist yet. */
export function planTagEdits(
  raw: RawTags | null,
  changes: readonly PlanChange[],
  options: { isMirrored: boolean; sidecarFor: string | null; extras?: PlanExtras },
): TagEdits {
  const values: TagValues = {}
  const { isMirrored, extras = NO_EXTRAS } = options
  for (const { field, to } of changes) {
    if (field === 'keywords') {
      const words = Array.isArray(to) && to.length > 0 ? to : null
      values[KEYWORD_PLACES.xmp] = words
      if (isMirrored) values[KEYWORD_PLACES.iptc.tag] = words && cutWords(words)
    } else if (field === 'hierarchicalKeywords') {
      values[HIERARCHY_TAG] = Array.isArray(to) && to.length > 0 ? to : null
    } else if (isMonoField(field)) {
      values[MONO_TAGS[field]] = typeof to === 'string' ? to : null
    } else {
      const text = typeof to === 'string' ? to : null
      const { xmp, iptc, exif } = TEXT_PLACES[field]
      values[xmp] = text
      // A cleared field is cleared in every language; a new text takes the default language and leaves the others.
      if (text === null) for (const tag of raw?.tags.keys() ?? []) if (tag.startsWith(`${xmp}-`)) values[tag] = null
      if (isMirrored && iptc !== null) values[iptc.tag] = text === null ? null : cutFor(iptc.tag, text)
      if (isMirrored && exif !== null && !isMachineText(String(currentValue(raw, exif.tag) ?? '')))
        values[exif.tag] = text === null ? null : cutFor(exif.tag, text)
      if (field === 'title' && extras.mirrorHeadline) {
        values[HEADLINE_PLACES.xmp] = text
        if (isMirrored) values[HEADLINE_PLACES.iptc.tag] = text === null ? null : cutFor(HEADLINE_PLACES.iptc.tag, text)
      }
    }
  }
  if (extras.digikamTags && (KEYWORD_PLACES.xmp in values || HIERARCHY_TAG in values)) {
    const list = (tag: string) => asList(tag in values ? values[tag] : raw?.tags.get(tag)) ?? []
    const tags = digikamTags(list(DIGIKAM_TAG), list(HIERARCHY_TAG), list(KEYWORD_PLACES.xmp))
    values[DIGIKAM_TAG] = tags.length > 0 ? tags : null
  }
  if (extras.provenance !== null) Object.assign(values, provenanceValues(extras.provenance))
  if (options.sidecarFor !== null) values['XMP-photoshop:SidecarForExtension'] = options.sidecarFor
  return completeEdits(raw, values)
}

const NO_EXTRAS: PlanExtras = { mirrorHeadline: false, digikamTags: false, provenance: null }

function provenanceValues({ models, promptHashes, action, writtenAt, studioVersion }: NonNullable<PlanExtras['provenance']>): TagValues {
  return {
    [PROVENANCE_TAGS.models]: models.length > 0 ? models : null,
    [PROVENANCE_TAGS.promptHashes]: promptHashes.length > 0 ? promptHashes : null,
    [PROVENANCE_TAGS.action]: action,
    [PROVENANCE_TAGS.writtenAt]: writtenAt,
    [PROVENANCE_TAGS.studioVersion]: studioVersion,
  }
}

/**
 * Puts back what a write replaced. Tags that somebody changed since are left; `threeWay` tells of every tag what it held before the write,
 * what we wrote, what it holds now, and whether it has its old value again.
 * Both maps are from the journal record of that write; `after` may lack the tags that came along.
 */
export function planRevertEdits(raw: RawTags, before: TagValues, after: TagValues): { edits: TagEdits; threeWay: ThreeWay[] } {
  const threeWay: ThreeWay[] = []
  const values: TagValues = {}
  for (const [tag, ours] of Object.entries(after) as [string, string | string[] | null][]) {
    const now = currentValue(raw, tag)
    const old = (before[tag] ?? null) as string | string[] | null
    const isOld = sameValue(now, old)
    const isOurs = sameValue(now, ours)
    if (!isOld && isOurs) values[tag] = old
    threeWay.push({ tag, before: old, ours, now, restored: isOld || isOurs })
  }
  const edits = completeEdits(raw, values, { before, isWhole: threeWay.every((line) => line.restored) })
  return { edits, threeWay }
}

function completeEdits(raw: RawTags | null, values: TagValues, restore?: { before: TagValues; isWhole: boolean }): TagEdits {
  const tags = Object.keys(values)
  const touches = (group: string) => tags.some((tag) => tag.startsWith(group))
  const exifTag = EXIF_DESCRIPTION.tag
  const exifEncoding: TextEncoding = restore === undefined ? 'utf8' : restore.before[EXIF_ENCODING] === 'latin' ? 'latin' : 'utf8'
  const housekeeping: string[] = [XMP_TOOLKIT]
  const args: string[] = []
  let renewDigest = false

  if (touches('IPTC:')) {
    housekeeping.push(...IPTC_HOUSEKEEPING, IPTC_DIGEST)
    const iptc = planIptc(raw, values, restore)
    args.push(...iptc.args)
    renewDigest = iptc.renewDigest
  }
  if (exifTag in values) {
    housekeeping.push(...EXIF_HOUSEKEEPING)
    if (exifEncoding === 'latin') args.push('-charset', 'exif=Latin')
    if (restore === undefined && values[exifTag] !== null) args.push(...firstExifBlock(raw))
  }
  for (const [tag, value] of Object.entries(values)) args.push(...assign(writeName(tag), value as string | string[] | null))
  if (restore?.isWhole) {
    // Absent again where another program wrote none; ExifTool would sign for it.
    if (touches('XMP-')) args.push(...assign(XMP_TOOLKIT, (restore.before[XMP_TOOLKIT] ?? null) as string | null))
    if (exifTag in values) {
      for (const tag of EXIF_HOUSEKEEPING) if (restore.before[tag] === null && raw?.tags.has(tag)) args.push(...assign(tag, null))
    }
  }
  const before: TagValues = {}
  for (const tag of [...tags, ...housekeeping]) before[tag] = currentValue(raw, tag)
  before[IPTC_ENCODING] = raw?.iptcEncoding ?? null
  before[EXIF_ENCODING] = raw?.exifEncoding ?? 'utf8'
  return { values, before, housekeeping, args, renewDigest, exifEncoding }
}

/** A JPEG's first EXIF block must state a resolution: that of its JFIF header where it has one, else the standard's default. */
function firstExifBlock(raw: RawTags | null): string[] {
  if (raw === null || asText(raw.tags.get('File:FileType')) !== 'JPEG' || [...raw.tags.keys()].some((tag) => tag.startsWith('IFD0:'))) return []
  const unit = { '1': '2', '2': '3' }[asText(raw.tags.get('JFIF:ResolutionUnit')) ?? '']
  const resolution = (tag: string) => (unit === undefined ? '72' : (asText(raw.tags.get(tag)) ?? '72'))
  return [
    ...assign('IFD0:XResolution', resolution('JFIF:XResolution')),
    ...assign('IFD0:YResolution', resolution('JFIF:YResolution')),
    ...assign('IFD0:ResolutionUnit', unit ?? '2'),
  ]
}

/** IPTC is UTF-8 and says so; text in an undeclared set is carried over first, since the mark would make it garbage. */
function planIptc(
  raw: RawTags | null,
  values: TagValues,
  restore?: { before: TagValues; isWhole: boolean },
): { args: string[]; renewDigest: boolean } {
  const iptcTags = Object.keys(values).filter((tag) => tag.startsWith('IPTC:'))
  const hasIptc = raw?.iptcEncoding !== null && raw !== null
  if (restore === undefined) {
    if (!hasIptc && iptcTags.every((tag) => values[tag] === null)) return { args: [], renewDigest: false }
    const carryOver =
      raw?.iptcEncoding === 'latin' ? ['-charset', 'iptc=Latin', '-tagsFromFile', '@', '-IPTC:all', ...iptcTags.map((tag) => `--${tag}`)] : []
    return { args: [...carryOver, ...assign('IPTC:CodedCharacterSet', UTF8_MARK)], renewDigest: raw === null || keepsIptcFresh(raw, values) }
  }
  const { before, isWhole } = restore
  const args: string[] = []
  if (!isWhole) return { args: assign('IPTC:CodedCharacterSet', UTF8_MARK), renewDigest: raw !== null && !isIptcNewer(raw) }
  if (before[IPTC_ENCODING] === 'latin') {
    args.push('-charset', 'iptc=Latin', '-tagsFromFile', '@', '-IPTC:all', ...[...iptcTags, ...IPTC_HOUSEKEEPING].map((tag) => `--${tag}`))
  } else if (before[IPTC_ENCODING] === 'utf8') args.push('-charset', 'iptc=UTF8')
  for (const tag of IPTC_HOUSEKEEPING) {
    const old = (before[tag] ?? null) as string | null
    if (currentValue(raw, tag) !== old) args.push(...assign(tag, old))
  }
  args.push(...assign(IPTC_DIGEST, (before[IPTC_DIGEST] ?? null) as string | null))
  return { args, renewDigest: false }
}

/**
 * A stale digest says "IPTC is newer". Renewing it is right when everything that is mirrored agrees afterwards; otherwise it would
 * silently hand the untouched fields to XMP.
 */
function keepsIptcFresh(raw: RawTags, values: TagValues): boolean {
  // A TIFF without one would gain a Photoshop block in a form that validators object to; no digest means that XMP counts, as it should.
  if (asText(raw.tags.get('File:FileType')) === 'TIFF' && !raw.tags.has(IPTC_DIGEST)) return false
  if (!isIptcNewer(raw)) return true
  const pairs = [TEXT_PLACES.title, TEXT_PLACES.description].map((place) => ({ xmp: place.xmp, iptc: place.iptc! }))
  return [...pairs, KEYWORD_PLACES].every(({ xmp, iptc }) => {
    if (xmp in values) return true
    const xmpValue = currentValue(raw, xmp)
    const cut = typeof xmpValue === 'string' ? cutFor(iptc.tag, xmpValue) : xmpValue && cutWords(xmpValue)
    return sameValue(cut, currentValue(raw, iptc.tag))
  })
}

/** Twins that the limit makes equal are stored once. */
const cutWords = (words: readonly string[]) => [...new Set(words.map((word) => cutFor(KEYWORD_PLACES.iptc.tag, word)))]

/** Without the language ExifTool would throw away all other languages. */
function writeName(tag: string): string {
  const isDefaultLanguage = Object.values(TEXT_PLACES).some((place) => place.xmp === tag)
  return isDefaultLanguage ? `${tag}-x-default` : tag
}

export function sameValue(a: string | readonly string[] | null | undefined, b: string | readonly string[] | null | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}
