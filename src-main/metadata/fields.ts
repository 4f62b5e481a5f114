/** Which tags carry which field. The one table that reading, planning and writing share. Pure. */
import type { Field, MonoField, TextField } from '../contract/model.ts'

/** A place that holds at most so many bytes of UTF-8. */
export interface LimitedTag {
  tag: string
  limitBytes: number
}

export interface TextPlaces {
  xmp: string
  /** IPTC IIM data set. */
  iptc: LimitedTag | null
  exif: LimitedTag | null
}

/** All of a JPEG's EXIF, with its preview and maker notes, shares one segment of 64 KB. */
export const EXIF_DESCRIPTION: LimitedTag = { tag: 'IFD0:ImageDescription', limitBytes: 16_000 }

export const TEXT_PLACES: Record<TextField, TextPlaces> = {
  title: { xmp: 'XMP-dc:Title', iptc: { tag: 'IPTC:ObjectName', limitBytes: 64 }, exif: null },
  description: { xmp: 'XMP-dc:Description', iptc: { tag: 'IPTC:Caption-Abstract', limitBytes: 2000 }, exif: EXIF_DESCRIPTION },
  altText: { xmp: 'XMP-iptcCore:AltTextAccessibility', iptc: null, exif: null },
  extendedDescription: { xmp: 'XMP-iptcCore:ExtDescrAccessibility', iptc: null, exif: null },
}
export const KEYWORD_PLACES = { xmp: 'XMP-dc:Subject', iptc: { tag: 'IPTC:Keywords', limitBytes: 64 } }
export const HIERARCHY_TAG = 'XMP-lr:HierarchicalSubject'
/** Kept beside the tree on a setting: digiKam and Immich read it before all others. */
export const DIGIKAM_TAG = 'XMP-digiKam:TagsList'
/** A copy of the title on a setting. */
export const HEADLINE_PLACES = { xmp: 'XMP-photoshop:Headline', iptc: { tag: 'IPTC:Headline', limitBytes: 256 } }

/** Our own namespace, registered through configs/exiftool/imageworks.config: written only when the settings ask for it. */
export const PROVENANCE_TAGS = {
  models: 'XMP-iwstudio:Models',
  promptHashes: 'XMP-iwstudio:PromptHashes',
  action: 'XMP-iwstudio:ReviewerAction',
  writtenAt: 'XMP-iwstudio:WrittenAt',
  studioVersion: 'XMP-iwstudio:StudioVersion',
}

/** In the same namespace: what the mono checker said. */
export const MONO_TAGS: Record<MonoField, string> = {
  monoVerdict: 'XMP-iwstudio:MonoVerdict',
  monoMode: 'XMP-iwstudio:MonoMode',
  monoStrictness: 'XMP-iwstudio:MonoStrictness',
}

export const isMonoField = (field: Field): field is MonoField => field in MONO_TAGS

/** Only these two take IPTC and EXIF text beside XMP; elsewhere both are non-standard or unread. */
export const MIRRORED_KINDS: ReadonlySet<string> = new Set(['jpeg', 'tiff'])

/** Tags that ExifTool adds or renews by itself when the ones above change. */
export const IPTC_HOUSEKEEPING = ['IPTC:CodedCharacterSet', 'IPTC:EnvelopeRecordVersion', 'IPTC:ApplicationRecordVersion']
export const IPTC_DIGEST = 'Photoshop:IPTCDigest'
export const XMP_TOOLKIT = 'XMP-x:XMPToolkit'
export const EXIF_HOUSEKEEPING = ['IFD0:XResolution', 'IFD0:YResolution', 'IFD0:ResolutionUnit', 'IFD0:YCbCrPositioning']

/** Cameras fill ImageDescription with their own name: no description, and free to be replaced. */
export function isCameraPlaceholder(text: string): boolean {
  return (
    text.trim() === '' ||
    /^(olympus digital camera|sony dsc|minolta digital camera|digital camera|dcim|kodak digital still camera|samsung|untitled|default)$/i.test(
      text.trim(),
    )
  )
}

/** Microscopes and scanners keep machine data in a TIFF's ImageDescription: never a description, never replaced. */
export function isMachineText(text: string): boolean {
  return /^\s*(<\?xml|<OME|ImageJ=|\{"|Aperio )/.test(text)
}
