/** Files that writers are known to break, built byte by byte or by real encoders at test time. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import encodeJxl, { init as initJxlEncoder } from '@jsquash/jxl/encode.js'
import sharp from 'sharp'
import type { PhotoKind } from '../../../../src-main/contract/model.ts'
import type { PhotoToWrite } from '../../../../src-main/metadata/metadata-writer.ts'
import { withMpfPreview } from '../../../helpers/camera-jpeg.mjs'
import { FIXTURES } from '../../../helpers/writer-kit.ts'

let nextId = 10_000
export function photoAt(folder: string, name: string, kind: PhotoKind, bytes: Uint8Array): PhotoToWrite {
  const photo = { id: nextId++, path: path.join(folder, name), kind }
  writeFileSync(photo.path, bytes)
  return photo
}

/** A small picture with real content; `sharp` without an encoder yet. */
export const picture = (width = 96, height = 64) => sharp(path.join(FIXTURES, 'wave.jpg')).resize(width, height, { fit: 'fill' })
export const smallJpeg = () => picture().jpeg().toBuffer()

// ── JPEG ─────────────────────────────────────────────────────────────────────

export interface Segment {
  marker: number
  payload: Buffer
}

export function segment(marker: number, payload: Uint8Array): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

/** The segments before the picture data. Throws at a length that no JPEG may have. */
export function jpegSegments(jpeg: Buffer): Segment[] {
  const segments: Segment[] = []
  for (let at = 2; jpeg[at + 1] !== 0xda; ) {
    const size = jpeg.readUInt16BE(at + 2)
    if (jpeg[at] !== 0xff || size < 2) throw new Error(`not a segment at ${at}`)
    segments.push({ marker: jpeg[at + 1]!, payload: jpeg.subarray(at + 4, at + 2 + size) })
    at += 2 + size
  }
  return segments
}

export const afterStart = (jpeg: Buffer, ...segments: Buffer[]) => Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])

const XMP_MARK = 'http://ns.adobe.com/xap/1.0/\0'
export const EXTENDED_XMP_MARK = 'http://ns.adobe.com/xmp/extension/\0'
export const xmpSegment = (description: string) => segment(0xe1, Buffer.from(XMP_MARK + xmpPacket(description)))

/** `description`: attributes and elements of the one rdf:Description, beginning inside its start tag. */
export const xmpPacket = (description: string) =>
  `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ${description}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

/** What other programs keep in a photo's XMP. */
export const FOREIGN_XMP = `xmlns:nobody="http://example.org/nobody/1.0/" xmlns:darktable="http://darktable.sf.net/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" nobody:Note="made by nobody" crs:CameraProfile="Adobe Standard" crs:Exposure2012="+0.50" xmp:Rating="4" darktable:auto_presets_applied="1">
<nobody:Deep rdf:parseType="Resource"><nobody:List><rdf:Bag><rdf:li>b</rdf:li><rdf:li>a</rdf:li></rdf:Bag></nobody:List></nobody:Deep>
<darktable:history><rdf:Seq><rdf:li darktable:num="0" darktable:operation="exposure" darktable:enabled="1" darktable:params="gz04eJxjYBgFo"/><rdf:li darktable:num="1" darktable:operation="flip" darktable:enabled="1" darktable:params="ffffffff"/></rdf:Seq></darktable:history>
<digiKam:TagsList><rdf:Seq><rdf:li>Places/Sea</rdf:li><rdf:li>People/Anna Müller</rdf:li></rdf:Seq></digiKam:TagsList>
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="96" stDim:h="64" stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="Anna Müller" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="0.5" stArea:y="0.4" stArea:w="0.2" stArea:h="0.3" stArea:unit="normalized"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">All mine</rdf:li><rdf:li xml:lang="de">Alles meins</rdf:li></rdf:Alt></dc:rights>`

/** As an Ultra HDR camera writes it: the gain map is a second JPEG with XMP of its own, listed in MPF and in the first one's directory. */
export async function ultraHdrJpeg(): Promise<{ jpeg: Buffer; gainMap: Buffer }> {
  const gain = await picture(48, 32).greyscale().jpeg().toBuffer()
  const hdrgm = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'
  const gainMap = afterStart(gain, xmpSegment(`${hdrgm} hdrgm:GainMapMax="2.5" hdrgm:HDRCapacityMax="2.5">`))
  const directory = `${hdrgm} xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"><Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary"/></rdf:li><rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="GainMap" Item:Length="${gainMap.length}"/></rdf:li></rdf:Seq></Container:Directory>`
  // XMP before MPF, as the specification orders them.
  return { jpeg: afterStart(withMpfPreview(await smallJpeg(), gainMap, 0), xmpSegment(directory)), gainMap }
}

/** A film behind the picture. `pointer`: whether XMP says how long it is, counted from the end. */
export async function motionPhoto(pointer: boolean): Promise<{ jpeg: Buffer; film: Buffer }> {
  const film = Buffer.concat([
    Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0isommp42', 'latin1'),
    Buffer.from('\0\0\x20\x08mdat', 'latin1'),
    Buffer.alloc(0x2000, 0xa5),
  ])
  const jpeg = await smallJpeg()
  const note = `xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="${film.length}">`
  return { jpeg: Buffer.concat([pointer ? afterStart(jpeg, xmpSegment(note)) : jpeg, film]), film }
}

// ── EXIF and maker notes ─────────────────────────────────────────────────────

interface Entry {
  tag: number
  /** 2 text, 3 short, 4 long, 7 undefined. */
  type: number
  data: Buffer
}

const isBig = (order: 'II' | 'MM') => order === 'MM'
export function number(order: 'II' | 'MM', size: 2 | 4, value: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntLE(value, 0, size)
  return isBig(order) ? bytes.reverse() : bytes
}

/** A directory that lies `at` bytes after what its offsets count from. */
export function directory(order: 'II' | 'MM', entries: readonly Entry[], at: number, next = 0): Buffer {
  let dataAt = at + 2 + entries.length * 12 + 4
  const heads: Buffer[] = [number(order, 2, entries.length)]
  const bodies: Buffer[] = []
  for (const { tag, type, data } of entries) {
    const unit = { 3: 2, 4: 4 }[type] ?? 1
    const inline = data.length <= 4
    heads.push(number(order, 2, tag), number(order, 2, type), number(order, 4, data.length / unit))
    heads.push(inline ? Buffer.concat([data, Buffer.alloc(4 - data.length)]) : number(order, 4, dataAt))
    if (inline) continue
    const padded = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)])
    bodies.push(padded)
    dataAt += padded.length
  }
  return Buffer.concat([...heads, number(order, 4, next), ...bodies])
}

export const text = (tag: number, value: string): Entry => ({ tag, type: 2, data: Buffer.from(`${value}\0`, 'latin1') })
const short = (order: 'II' | 'MM', tag: number, value: number): Entry => ({ tag, type: 3, data: number(order, 2, value) })

export interface Maker {
  make: string
  /** ExifTool's family 1 group of its notes. */
  group: string
  order: 'II' | 'MM'
  head: string
  /** What offsets inside the note count from: the EXIF block, the note, or a TIFF head of its own inside the note. */
  base: 'exif' | 'note' | 'inner'
  texts: readonly number[]
}

export const MAKERS: readonly Maker[] = [
  { make: 'Canon', group: 'Canon', order: 'II', head: '', base: 'exif', texts: [0x06, 0x07, 0x09] },
  { make: 'NIKON CORPORATION', group: 'Nikon', order: 'MM', head: 'Nikon\0\x02\x10\0\0', base: 'inner', texts: [0x04, 0x05, 0x08] },
  { make: 'SONY', group: 'Sony', order: 'II', head: 'SONY DSC \0\0\0', base: 'exif', texts: [0xb020] },
  { make: 'OLYMPUS OPTICAL CO.,LTD', group: 'Olympus', order: 'II', head: 'OLYMP\0\x01\0', base: 'exif', texts: [0x207] },
  { make: 'OLYMPUS CORPORATION', group: 'Olympus', order: 'II', head: 'OLYMPUS\0II\x03\0', base: 'note', texts: [0x207] },
  { make: 'PENTAX Corporation', group: 'Pentax', order: 'MM', head: 'AOC\0MM', base: 'exif', texts: [0x229] },
  { make: 'FUJIFILM', group: 'FujiFilm', order: 'II', head: 'FUJIFILM\x0c\0\0\0', base: 'note', texts: [0x10, 0x1000] },
  { make: 'Panasonic', group: 'Panasonic', order: 'II', head: 'Panasonic\0\0\0', base: 'exif', texts: [0x51, 0x54] },
  { make: 'LEICA', group: 'Panasonic', order: 'II', head: 'LEICA\0\0\0', base: 'exif', texts: [0x51] },
  { make: 'CASIO COMPUTER CO.,LTD', group: 'Casio', order: 'MM', head: 'QVC\0\0\0', base: 'exif', texts: [0x15] },
  { make: 'SIGMA', group: 'Sigma', order: 'II', head: 'SIGMA\0\0\0\x01\0', base: 'exif', texts: [0x02, 0x03, 0x08] },
  { make: 'RICOH', group: 'Ricoh', order: 'II', head: 'Ricoh\0\0\0', base: 'exif', texts: [0x02] },
  { make: 'Apple', group: 'Apple', order: 'MM', head: 'Apple iOS\0\0\x01MM', base: 'note', texts: [0x11, 0x15] },
]

/** The EXIF block of a camera of that maker, with notes whose texts lie outside their entries. */
export function exifOf(maker: Maker, noteBytes?: (note: Buffer, at: number) => Buffer): Buffer {
  const { order, head, base } = maker
  const tiffHead = Buffer.concat([Buffer.from(order), number(order, 2, 42), number(order, 4, 8)])
  const make = text(0x10f, maker.make)
  const model = text(0x110, 'Test Model 1')
  // Two passes: the note's place is known once the directories before it have their lengths.
  const build = (exifAt: number, noteAt: number) => {
    const headBytes = Buffer.from(head, 'latin1')
    const innerHead = base === 'inner' ? tiffHead : Buffer.alloc(0)
    const start = { exif: noteAt + headBytes.length, note: headBytes.length, inner: 8 }[base]
    const entries = maker.texts.map((tag) => text(tag, `${maker.group} value ${tag.toString(16)}`))
    const plain = Buffer.concat([headBytes, innerHead, directory(order, entries, start)])
    const note = noteBytes ? noteBytes(plain, noteAt) : plain
    const ifd0 = directory(order, [make, model, short(order, 0x112, 1), { tag: 0x8769, type: 4, data: number(order, 4, exifAt) }], 8)
    const exif = directory(order, [text(0x9003, '2020:02:03 04:05:06'), { tag: 0x927c, type: 7, data: note }], exifAt)
    return { ifd0, exif, note }
  }
  const first = build(0, 0)
  const exifAt = 8 + first.ifd0.length
  const noteAt = exifAt + first.exif.length - first.note.length - (first.note.length % 2)
  const { ifd0, exif } = build(exifAt, noteAt)
  return Buffer.concat([tiffHead, ifd0, exif])
}

export const exifSegment = (tiff: Buffer) => segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]))

// ── Chunks and boxes ─────────────────────────────────────────────────────────

export function pngChunks(png: Buffer): { type: string; data: Buffer }[] {
  const chunks = []
  for (let at = 8; at + 12 <= png.length; ) {
    const size = png.readUInt32BE(at)
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + size) })
    at += 12 + size
  }
  return chunks
}

export function riffChunks(webp: Buffer): { type: string; data: Buffer }[] {
  const chunks = []
  for (let at = 12; at + 8 <= webp.length; ) {
    const size = webp.readUInt32LE(at + 4)
    chunks.push({ type: webp.toString('latin1', at, at + 4), data: webp.subarray(at + 8, at + 8 + size) })
    at += 8 + size + (size % 2)
  }
  return chunks
}

export interface Box {
  type: string
  data: Buffer
}

export function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at) || bytes.length - at
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, at + size) })
    at += size
  }
  return boxes
}

export const box = (type: string, data: Uint8Array): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, data])
}

export const metaBoxes = (file: Buffer): Box[] =>
  boxesOf(
    boxesOf(file)
      .find(({ type }) => type === 'meta')!
      .data.subarray(4),
  )

export interface ItemLocation {
  id: number
  method: number
  extents: { offset: number; length: number }[]
}

/** Item locations of a HEIF-like file: version 0 or 1 with 16-bit ids, which is what encoders write. */
export function readIloc(file: Buffer): { version: number; items: ItemLocation[] } {
  const data = metaBoxes(file).find(({ type }) => type === 'iloc')!.data
  const version = data[0]!
  const sizes = { offset: data[4]! >> 4, length: data[4]! & 15, base: data[5]! >> 4, index: version === 0 ? 0 : data[5]! & 15 }
  let at = 8
  const read = (size: number) => {
    const value = size === 0 ? 0 : Number(BigInt(`0x${data.toString('hex', at, at + size)}`))
    at += size
    return value
  }
  const items = Array.from({ length: data.readUInt16BE(6) }, () => {
    const id = read(2)
    const method = version === 0 ? 0 : read(2) & 15
    read(2)
    const base = read(sizes.base)
    const extents = Array.from({ length: read(2) }, () => {
      read(sizes.index)
      return { offset: base + read(sizes.offset), length: read(sizes.length) }
    })
    return { id, method, extents }
  })
  return { version, items }
}

/** A small AVIF whose transparency lies inside its meta box (construction method 1), as the grids of phones do; its colours lie in mdat. */
export async function avifWithDataInMeta(): Promise<Buffer> {
  const plain = await picture().ensureAlpha(0.5).avif({ effort: 0 }).toBuffer()
  const { items } = readIloc(plain)
  const dataOf = ({ extents }: ItemLocation) => Buffer.concat(extents.map(({ offset, length }) => plain.subarray(offset, offset + length)))
  const [colours, transparency] = items
  if (items.length !== 2 || colours === undefined || transparency === undefined) throw new Error('the encoder wrote other items than expected')
  const build = (mdatAt: number) => {
    const place = (id: number, method: number, offset: number, length: number) =>
      Buffer.concat([id, method, 0, 1].map((value) => number('MM', 2, value)).concat(number('MM', 4, offset), number('MM', 4, length)))
    const iloc = Buffer.concat([
      Buffer.from([1, 0, 0, 0, 0x44, 0x00, 0, 2]),
      place(colours.id, 0, mdatAt, dataOf(colours).length),
      place(transparency.id, 1, 0, dataOf(transparency).length),
    ])
    const meta = metaBoxes(plain).map((each) => (each.type === 'iloc' ? box('iloc', iloc) : box(each.type, each.data)))
    return [
      box('ftyp', boxesOf(plain)[0]!.data),
      box('meta', Buffer.concat([Buffer.alloc(4), ...meta, box('idat', dataOf(transparency))])),
      box('mdat', dataOf(colours)),
    ]
  }
  const [ftyp, meta] = build(0)
  return Buffer.concat(build(ftyp!.length + meta!.length + 8))
}

/** A bare JPEG XL stream. */
export async function jxlStream(): Promise<Buffer> {
  const { Module } = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } }).WebAssembly
  const wasm = createRequire(import.meta.url).resolve('@jsquash/jxl/codec/enc/jxl_enc.wasm')
  await initJxlEncoder(new Module(readFileSync(wasm)) as never)
  const { data, info } = await picture().ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const image = { data: new Uint8ClampedArray(data), width: info.width, height: info.height, colorSpace: 'srgb' }
  return Buffer.from(await encodeJxl(image as unknown as Parameters<typeof encodeJxl>[0]))
}

/** By the HEIF command line tools: HEVC, which sharp cannot write. */
export async function heicByTool(options: readonly string[], withAlpha = false): Promise<Buffer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-heic-'))
  try {
    const source = path.join(folder, 'in.png')
    const image = withAlpha ? picture().ensureAlpha(0.5) : picture()
    await image.png().toFile(source)
    execFileSync('heif-enc', [...options, '-o', path.join(folder, 'out.heic'), source], { stdio: 'ignore' })
    return readFileSync(path.join(folder, 'out.heic'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const hasTool = (command: string): boolean => {
  try {
    execFileSync('which', [command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
