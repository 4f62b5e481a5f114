/** What of the text in a picture may be repeated in a proposal. Pure. */
import type { TextLine } from './facts.ts'

const LONGEST_QUOTE = 120

/** Addresses, mail, phone numbers and markup are not repeated: they would become clickable or callable in somebody's metadata. */
export function isQuotable(text: string): boolean {
  if (/[<>{}[\]\\`]/.test(text) || /:\/\/|www\.|@|\b[a-z0-9-]+\.(com|net|org|io|info|de|uk|es|fr|ru|cn)\b/i.test(text)) return false
  return text.replace(/\D/g, '').length < 8
}

/** The lines as one quotation, e.g. `“EXIT / Platform 2”`; at most 120 characters inside; empty when nothing may be quoted. */
export function quoteLines(lines: readonly TextLine[]): string {
  const parts: string[] = []
  let length = 0
  for (const { text } of lines) {
    // Own quotation marks would let the text end the quotation and go on as ours.
    const part = text.replace(/["“”„«»]/g, '')
    if (!isQuotable(part) || length + part.length > LONGEST_QUOTE) continue
    parts.push(part)
    length += part.length + 3
  }
  return parts.length === 0 ? '' : `“${parts.join(' / ')}”`
}
