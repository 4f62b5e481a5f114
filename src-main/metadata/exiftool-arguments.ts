/**
 * How values travel to ExifTool. Every command is a list of lines read from its standard input with `-E` (HTML entities are decoded),
 * so whatever a line or a decoder would change is sent as a numeric entity. Pure.
 */

/** A value that no metadata block can hold: control characters that XML forbids, halves of surrogate pairs, non-characters. */
export function findUnwritable(text: string): string | null {
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code < 0x20 && code !== 9 && code !== 10 && code !== 13) return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
    if (code >= 0xd800 && code <= 0xdfff) return 'half of a surrogate pair'
    if (code === 0xfffe || code === 0xffff) return `U+${code.toString(16).toUpperCase()}`
  }
  return null
}

/** `&` would be decoded, line breaks would split the command, and ExifTool drops a space right after the equals sign. */
export function encodeValue(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replace(/[^\S ]|\p{Cc}/gu, (character) => `&#${character.codePointAt(0)};`)
    .replace(/^ | $/g, '&#32;')
}

/** Sets a tag: null removes it, an empty string is written as an empty value, a list replaces the whole list. */
export function assign(tag: string, value: string | readonly string[] | null): string[] {
  if (value === null) return [`-${tag}=`]
  const values = typeof value === 'string' ? [value] : value
  if (values.length === 0) return [`-${tag}=`]
  return values.map((item) => (item === '' ? `-${tag}^=` : `-${tag}=${encodeValue(item)}`))
}
