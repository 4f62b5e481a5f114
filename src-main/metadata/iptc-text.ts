/** Character sets and byte limits of IPTC IIM (and of EXIF text, which has the same trouble). Pure. */

/** Bytes 0x80–0x9F of Windows-1252, which ExifTool calls Latin; the five holes stand for themselves. */
const HIGH = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

export type TextEncoding = 'utf8' | 'latin'

/** What the value of IPTC:CodedCharacterSet says: declared UTF-8, ISO 8859-1 or ASCII, nothing, or something we cannot convert. */
export function readCharset(codedCharacterSet: string | null): 'utf8' | 'latin' | 'undeclared' | 'unknown' {
  if (codedCharacterSet === null || codedCharacterSet === '') return 'undeclared'
  if (['\x1b%G', '\x1b%/G', '\x1b%/H', '\x1b%/I', 'UTF8'].includes(codedCharacterSet)) return 'utf8'
  if (codedCharacterSet === '\x1b.A' || codedCharacterSet === '\x1b(B') return 'latin'
  return 'unknown'
}

export function decodeLatin(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte >= 0x80 && byte <= 0x9f ? HIGH[byte - 0x80] : String.fromCharCode(byte)
  return text
}

/** The bytes behind a text that was decoded as Windows-1252; null when it was not. */
export function latinBytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const high = code > 0x7f ? HIGH.indexOf(text[at]!) : -1
    if (high >= 0) bytes[at] = 0x80 + high
    else if (code <= 0xff) bytes[at] = code
    else return null
  }
  return bytes
}

/** Undeclared text that was decoded as Latin: UTF-8 when its bytes are, else null. Pure ASCII is both, and answers itself. */
export function reinterpretAsUtf8(latinText: string): string | null {
  const bytes = latinBytes(latinText)
  if (bytes === null) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** At most `limitBytes` of UTF-8, never through a character. */
export function cutToBytes(text: string, limitBytes: number): string {
  const encoder = new TextEncoder()
  if (encoder.encode(text).length <= limitBytes) return text
  let kept = ''
  let size = 0
  for (const character of text) {
    size += encoder.encode(character).length
    if (size > limitBytes) break
    kept += character
  }
  return kept
}
