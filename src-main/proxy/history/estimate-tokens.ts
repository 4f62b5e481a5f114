/**
 * Tokens where no tokenizer can be asked. Deliberately plain: 4 characters a token in Latin script (ASCII and its accents), 2 in the other
 * alphabets (Greek, Cyrillic, Arabic, Devanagari …), 1 in Chinese, Japanese, Korean and emoji; 4 more a message for its frame. Within about
 * a quarter of the true number for prose; code and tables take more. Pure.
 */
const FIRST_OTHER_ALPHABET = 0x0370
const FIRST_IDEOGRAPH = 0x2e80

export const FRAME_TOKENS = 4

export function estimateTokens(text: string): number {
  let quarters = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // Half a surrogate pair each: together one token.
    if (unit >= 0xd800 && unit <= 0xdfff) quarters += 2
    else if (unit >= FIRST_IDEOGRAPH) quarters += 4
    else quarters += unit >= FIRST_OTHER_ALPHABET ? 2 : 1
  }
  return Math.ceil(quarters / 4)
}

const SAMPLE_BYTES = 16_384

/** The same for a text of any length without reading all of it: from its beginning, middle and end. `read` gives bytes as text. */
export function estimateLongText(lengthBytes: number, read: (from: number, to: number) => string): number {
  if (lengthBytes <= 3 * SAMPLE_BYTES) return estimateTokens(read(0, lengthBytes))
  const middle = Math.floor(lengthBytes / 2)
  const starts = [0, middle, lengthBytes - SAMPLE_BYTES]
  const tokens = starts.reduce((sum, start) => sum + estimateTokens(read(start, start + SAMPLE_BYTES)), 0)
  return Math.ceil((tokens / (starts.length * SAMPLE_BYTES)) * lengthBytes)
}
