/** Text from files, names and replies is data. These functions take away what could act on a model, a parser or an eye. */

// Controls other than white space, and lone surrogates.
const CONTROL = /(?![\t\n\r\v\f])[\p{Cc}\p{Cs}]/gu
// Zero-width, joiners, bidi marks and overrides, soft hyphens, fillers, variation selectors, BOM, tag characters.
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu

/** Strips control, zero-width, bidi and tag characters; keeps line breaks. Line and paragraph separators become line breaks. */
export function stripInvisible(text: string): string {
  return text
    .replace(/[\u2028\u2029]/g, '\n')
    .replace(CONTROL, '')
    .replace(INVISIBLE, '')
}

/** One clean line: invisible characters gone, NFC, every run of white space one space, trimmed. Idempotent. */
export function tidyLine(text: string): string {
  return stripInvisible(text).normalize('NFC').replace(/\s+/gu, ' ').trim()
}

const ANGLES: Record<string, string> = {
  '<': '\u2039',
  '\uFE64': '\u2039',
  '\uFF1C': '\u2039',
  '>': '\u203A',
  '\uFE65': '\u203A',
  '\uFF1E': '\u203A',
}

/**
 * Foreign text made fit to stand inside a prompt: one line, at most `maxChars` characters, no angle bracket of any width (so no fence, tag or
 * `<|special|>` token survives), no `[INST]`, no template braces, no Markdown fence. Readable for a person and a model all the same.
 */
export function neutralise(text: string, maxChars: number): string {
  const line = tidyLine(text)
    .replace(/[<>\uFE64\uFE65\uFF1C\uFF1E]/g, (angle) => ANGLES[angle] ?? '')
    .replace(/\[(\/?)(INST|SYS|SYSTEM|TOOL_CALLS|AVAILABLE_TOOLS)\]/gi, '($1$2)')
    .replace(/\{\{|\}\}/g, '')
    .replace(/`{2,}/g, "'")
  const points = [...line]
  return points.length <= maxChars
    ? line
    : `${points
        .slice(0, maxChars - 1)
        .join('')
        .trimEnd()}\u2026`
}

/** JSON whose text holds no angle bracket (escaped as \u003c, \u003e), so that it can stand between tags; parses back to the same value. */
export function fencedJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>\uFE64\uFE65\uFF1C\uFF1E]/g, (angle) => `\\u${angle.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
