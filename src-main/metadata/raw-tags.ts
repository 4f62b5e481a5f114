/** What ExifTool says about one file, every value a string exactly as stored. */
import { isUtf8 } from 'node:buffer'
import { StudioError } from '../lib/studio-error.ts'
import type { ExifToolPool } from './exiftool-process.ts'
import { decodeLatin, reinterpretAsUtf8, readCharset, type TextEncoding } from './iptc-text.ts'

/** A string, a list of strings, or a structure, by `Group:Tag`; a repeated tag appears as `Group:CopyN:Tag`. */
export type TagMap = ReadonlyMap<string, unknown>

export interface RawTags {
  tags: TagMap
  /** How undeclared IPTC text was stored; null without IPTC. */
  iptcEncoding: TextEncoding | null
  exifEncoding: TextEncoding
  /** A declared IPTC character set that we cannot convert. */
  foreignCharset: boolean
  errors: string[]
  warnings: string[]
}

/** Copies in the same group, structures whole, raw values, quoted numbers, bytes that are not UTF-8 as base64. */
const READ_FORMAT = ['-json', '-a', '-G1:4', '-struct', '-n', '-b', '-api', 'StructFormat=JSONQ', '-api', 'LargeFileSupport=1']
const FIELD_TAGS = [
  'XMP-dc:all',
  'XMP-lr:all',
  'XMP-iptcCore:all',
  'XMP-iwstudio:all',
  'XMP-digiKam:TagsList',
  'XMP-photoshop:Headline',
  'XMP-photoshop:SidecarForExtension',
  'XMP-x:XMPToolkit',
  'IPTC:all',
  'IFD0:ImageDescription',
  'Photoshop:IPTCDigest',
  'File:CurrentIPTCDigest',
  'File:FileType',
  'JUMBF:JUMDType',
  'JUMBF:JUMDLabel',
  'ExifTool:Error',
  'ExifTool:Warning',
]
/** Everything with contents. What ExifTool makes up from other tags is not compared, but making it up warns of pictures that lie elsewhere. */
const WHOLE_FILE = ['-all', '-ICC_Profile', '-File:CurrentIPTCDigest']
const IMAGE_HASH = ['-api', 'ImageHashType=SHA256', '-ImageDataHash']

/** The tags of our fields only. @throws StudioError exiftool-failed, exiftool-timeout */
export function readFieldTags(exiftool: ExifToolPool, path: string): Promise<RawTags> {
  return readTags(
    exiftool,
    path,
    FIELD_TAGS.map((tag) => `-${tag}`),
  )
}

/**
 * All tags with their contents; `imageHash`: and a hash of the image data alone, which costs most of the time for a large photo.
 * @throws StudioError exiftool-failed, exiftool-timeout
 */
export function readAllTags(exiftool: ExifToolPool, path: string, options: { imageHash: boolean }): Promise<RawTags> {
  return readTags(exiftool, path, wholeFile(options))
}

/**
 * The same of a photo that is to be copied. `hasContentsAlone`: surely nothing belongs to it but its bytes, mode and owner, no extended
 * attributes or access lists (see exiftool-program.ts); asked within the same command, whose answer fails to come when it is not so.
 * @throws StudioError exiftool-failed, exiftool-timeout
 */
export async function readBeforeCopy(
  exiftool: ExifToolPool,
  path: string,
  options: { imageHash: boolean },
): Promise<{ raw: RawTags; hasContentsAlone: boolean }> {
  if (process.platform === 'linux') {
    const condition = ['-if', 'HasContentsAlone($$self{FILENAME})']
    const reply = await exiftool.run([...READ_FORMAT, ...condition, ...wholeFile(options), path], { retriable: true })
    if (reply.stdout.startsWith('[')) return { raw: interpretReply(reply.stdout, path, reply), hasContentsAlone: true }
  }
  return { raw: await readAllTags(exiftool, path, options), hasContentsAlone: false }
}

const wholeFile = (options: { imageHash: boolean }) => (options.imageHash ? [...WHOLE_FILE, ...IMAGE_HASH] : WHOLE_FILE)

async function readTags(exiftool: ExifToolPool, path: string, selection: readonly string[]): Promise<RawTags> {
  const reply = await exiftool.run([...READ_FORMAT, ...selection, path], { retriable: true })
  return interpretReply(reply.stdout, path, reply)
}

/** Pure. A reply about another file is never taken for this one. */
export function interpretReply(stdout: string, path: string, notes: { errors: string[]; warnings: string[] }): RawTags {
  let entry: Record<string, unknown> | undefined
  try {
    entry = (JSON.parse(stdout) as Record<string, unknown>[])[0]
  } catch (error) {
    const said = [...notes.errors, ...notes.warnings].join('; ').slice(0, 300)
    throw new StudioError('exiftool-failed', `ExifTool did not answer about ${path}: ${said || 'no readable reply'}.`, { cause: error })
  }
  if (entry === undefined || normalSlashes(String(entry['SourceFile'])) !== normalSlashes(path)) {
    throw new StudioError('exiftool-failed', `ExifTool answered about another file than ${path}.`, { retry: 'now' })
  }
  const tags = new Map<string, unknown>()
  const errors = [...notes.errors]
  const warnings = [...notes.warnings]
  for (const [key, value] of Object.entries(entry)) {
    if (key === 'SourceFile') continue
    if (/^ExifTool:(Copy\d+:)?Error$/.test(key)) errors.push(String(value))
    else if (/^ExifTool:(Copy\d+:)?Warning$/.test(key)) warnings.push(String(value))
    // Copies are numbered by name alone: the only `Headline` of IPTC is a copy when XMP has one too.
    else tags.set(tags.has(plainKey(key)) || plainKey(key) in entry ? key : plainKey(key), value)
  }
  return { ...decodeTexts(tags), errors, warnings }
}

const plainKey = (key: string) => key.replace(/:Copy\d+:/, ':')

function decodeTexts(tags: Map<string, unknown>): Pick<RawTags, 'tags' | 'iptcEncoding' | 'exifEncoding' | 'foreignCharset'> {
  let exifEncoding: TextEncoding = 'utf8'
  const description = tags.get('IFD0:ImageDescription')
  if (typeof description === 'string' && description.startsWith('base64:')) {
    const bytes = Buffer.from(description.slice(7), 'base64')
    // ExifTool sends only bytes that are not UTF-8 this way; valid ones mean a text that begins with these letters.
    if (!isUtf8(bytes)) {
      exifEncoding = 'latin'
      tags.set('IFD0:ImageDescription', decodeLatin(bytes))
    }
  }
  const iptcKeys = [...tags.keys()].filter((key) => key.startsWith('IPTC:'))
  if (iptcKeys.length === 0) return { tags, iptcEncoding: null, exifEncoding, foreignCharset: false }
  const charset = readCharset(asText(tags.get('IPTC:CodedCharacterSet')))
  if (charset !== 'undeclared')
    return { tags, iptcEncoding: charset === 'utf8' ? 'utf8' : 'latin', exifEncoding, foreignCharset: charset === 'unknown' }
  const reread = new Map<string, unknown>()
  for (const key of iptcKeys) {
    const again = mapText(tags.get(key), reinterpretAsUtf8)
    // One value that is not UTF-8 shows that the writer meant Latin everywhere.
    if (again === null) return { tags, iptcEncoding: 'latin', exifEncoding, foreignCharset: false }
    reread.set(key, again)
  }
  for (const [key, value] of reread) tags.set(key, value)
  return { tags, iptcEncoding: 'utf8', exifEncoding, foreignCharset: false }
}

function mapText(value: unknown, map: (text: string) => string | null): unknown {
  if (typeof value === 'string') return value.startsWith('base64:') ? value : map(value)
  if (!Array.isArray(value)) return value
  const mapped = value.map((item) => (typeof item === 'string' ? map(item) : item))
  return mapped.includes(null) ? null : mapped
}

const normalSlashes = (path: string) => path.replaceAll('\\', '/')

/** The text of a tag; null when absent. ExifTool gives a list for a text that is stored as one. */
export function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.length === 0 ? null : String(value[0])
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The items of a list tag; null when absent. One item is not wrapped by ExifTool. */
export function asList(value: unknown): string[] | null {
  if (value === undefined || value === null) return null
  return (Array.isArray(value) ? value : [value]).map(String)
}
