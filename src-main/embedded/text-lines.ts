/** From the reader's character scores to lines that are worth showing. Pure. */
import { TEXT_CONFIDENCE, type TextLine } from './facts.ts'

const LONGEST_LINE = 80
const MOST_LINES = 20

/**
 * Greedy CTC decoding: the best character of each step, repeats joined, blanks dropped.
 * @param scores Probabilities, `steps` × `classes`; class 0 is the blank, class n is `characters[n - 1]`, the last is a space.
 */
export function decodeCtc(scores: Float32Array, steps: number, classes: number, characters: readonly string[]): TextLine {
  let text = ''
  let sum = 0
  let count = 0
  let previous = 0
  for (let step = 0; step < steps; step++) {
    let best = 0
    let bestScore = -Infinity
    for (let c = 0; c < classes; c++) {
      const score = scores[step * classes + c]!
      if (score > bestScore) {
        best = c
        bestScore = score
      }
    }
    if (best !== 0 && best !== previous) {
      text += characters[best - 1] ?? ' '
      sum += bestScore
      count++
    }
    previous = best
  }
  return { text, confidence: count === 0 ? 0 : sum / count }
}

/** Without control, zero-width, direction and tag characters; white space as single spaces; full-width Latin as plain; bounded. */
export function cleanText(text: string): string {
  const plain = text.normalize('NFKC').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\u115f\u1160\u3164]/gu, ' ')
  return [...plain.replace(/\s+/gu, ' ').trim()].slice(0, LONGEST_LINE).join('')
}

/** Lines that a person would also read there: sure enough, with enough letters or digits to mean something, each once. */
export function keepReadableLines(lines: readonly TextLine[]): TextLine[] {
  const kept: TextLine[] = []
  for (const line of lines) {
    const text = cleanText(line.text)
    if (line.confidence < TEXT_CONFIDENCE || !isReadable(text, line.confidence)) continue
    if (kept.some((other) => other.text.toLowerCase() === text.toLowerCase())) continue
    kept.push({ text, confidence: line.confidence })
    if (kept.length === MOST_LINES) break
  }
  return kept
}

function isReadable(text: string, confidence: number): boolean {
  const letters = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
  if (letters < 2 || letters / [...text].length < 0.6) return false
  const wide = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0
  // The reader knows six thousand Chinese characters and sees them in twigs and tiles.
  if (wide > 0) return wide >= 2 && confidence >= 0.92
  // Pairs such as "il" or "00" come from fences and windows.
  if (letters === 2) return confidence >= 0.95 && /^(?!(.)\1)[\p{Lu}\p{N}]{2}$/u.test(text)
  return !/^[ilI1|.,:;'oO0-]+$/.test(text)
}
