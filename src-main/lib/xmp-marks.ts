/**
 * Stars and keywords out of the text of an XMP packet, and keywords out of an IPTC block, for finding photos. Pure and forgiving: what is
 * written to files is read by ExifTool, never by this.
 */

export interface XmpMarks {
  /** -1 to 5, null when the packet says nothing. */
  rating: number | null
  keywords: string[]
}

const MAX_KEYWORDS = 1000
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

export function readXmpMarks(packet: string): XmpMarks {
  const said = /xmp:Rating\s*=\s*["'](-?\d+(?:\.\d+)?)["']/.exec(packet) ?? /<xmp:Rating>\s*(-?\d+(?:\.\d+)?)\s*</.exec(packet)
  const bag = /<dc:subject>([\s\S]*?)<\/dc:subject>/.exec(packet)?.[1] ?? ''
  const keywords = [...bag.matchAll(/<rdf:li[^>]*>([^<]*)<\/rdf:li>/g)].map((match) => decodeEntities(match[1]!).trim())
  return { rating: said ? toRating(Number(said[1])) : null, keywords: keywords.filter((word) => word !== '').slice(0, MAX_KEYWORDS) }
}

/** Anything that is not a number of stars is null. Halves count as the stars that are whole. */
export function toRating(value: unknown): number | null {
  const stars = typeof value === 'number' ? Math.trunc(value) : Number.NaN
  return stars >= -1 && stars <= 5 ? stars : null
}

/** Keywords (2:25) of an IPTC block, wherever in `bytes` it begins. UTF-8, else Latin-1. */
export function readIptcKeywords(bytes: Uint8Array): string[] {
  const keywords: string[] = []
  for (let at = 0; at + 5 <= bytes.length && keywords.length < MAX_KEYWORDS; at += 1) {
    if (bytes[at] !== 0x1c || bytes[at + 1] !== 2 || bytes[at + 2] !== 25) continue
    const length = bytes[at + 3]! * 256 + bytes[at + 4]!
    if (length === 0 || length > 256 || at + 5 + length > bytes.length) continue
    const word = decodeText(bytes.subarray(at + 5, at + 5 + length)).trim()
    if (word !== '') keywords.push(word)
    at += 4 + length
  }
  return keywords
}

/** "Canon" and "Canon EOS R5" are one name; a maker that the model leaves out comes before it. */
export function cameraName(maker: unknown, model: unknown): string | null {
  const text = (value: unknown) =>
    typeof value === 'string'
      ? value
          .replace(/[\0\s]+/g, ' ')
          .trim()
          .slice(0, 100)
      : ''
  const [made, named] = [text(maker), text(model)]
  if (named === '') return made === '' ? null : made
  const [firstWord = ''] = made.split(' ')
  return firstWord === '' || named.toLowerCase().startsWith(firstWord.toLowerCase()) ? named : `${made} ${named}`
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('latin1').decode(bytes)
  }
}
