/** Measures of a text that tell writing from noise. Pure and linear. */

/** Scripts that are written together count as one. */
const SCRIPT_FAMILIES: readonly [string, RegExp][] = [
  ['latin', /\p{Script=Latin}/gu],
  ['cyrillic', /\p{Script=Cyrillic}/gu],
  ['greek', /\p{Script=Greek}/gu],
  ['east-asian', /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/gu],
  ['arabic', /\p{Script=Arabic}/gu],
  ['hebrew', /\p{Script=Hebrew}/gu],
  ['devanagari', /\p{Script=Devanagari}/gu],
  ['bengali', /\p{Script=Bengali}/gu],
  ['tamil', /\p{Script=Tamil}/gu],
  ['thai', /\p{Script=Thai}/gu],
  ['georgian', /\p{Script=Georgian}/gu],
  ['armenian', /\p{Script=Armenian}/gu],
]

export interface ScriptShare {
  name: string
  letters: number
}

/** Script families in the text, most letters first. */
export function scriptShares(text: string): ScriptShare[] {
  return SCRIPT_FAMILIES.map(([name, pattern]) => ({ name, letters: text.match(pattern)?.length ?? 0 }))
    .filter(({ letters }) => letters > 0)
    .sort((a, b) => b.letters - a.letters)
}

/** The text without what stands in quotation marks: a caption may quote a sign in any script. */
export function withoutQuotations(text: string): string {
  return text.replace(/"[^"]{0,200}"|\u201C[^\u201D]{0,200}\u201D|\u00AB[^\u00BB]{0,200}\u00BB|\u300C[^\u300D]{0,200}\u300D/gu, ' ')
}

/** Share of letters, marks and digits among everything that is not white space, 0..1; 1 for an empty text. */
export function letterShare(text: string): number {
  const visible = [...text.replace(/\s/gu, '')]
  if (visible.length === 0) return 1
  return visible.filter((char) => /[\p{L}\p{M}\p{N}]/u.test(char)).length / visible.length
}

/** Words as a person would count them, lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+(?:['\u2019-][\p{L}\p{M}\p{N}]+)*/gu) ?? []
}

/**
 * Share of tokens that no one writes in prose: code (`snake_case`, `camelCase`, `a::b`, `x=1`), long words without a vowel, letters and digits
 * stirred together, or two scripts in one word. 0..1; 0 for an empty text.
 */
export function oddTokenShare(text: string): number {
  const tokens = text.split(/\s+/u).filter((token) => token !== '')
  if (tokens.length === 0) return 0
  return tokens.filter(isOdd).length / tokens.length
}

function isOdd(token: string): boolean {
  const core = token.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  if (core === '') return /[{}[\]\\|<>=;$#@^~]/.test(token) || token.length > 3
  if (/[_\\={}[\]|;<>$^~]|::|\)\(|->/.test(core)) return true
  if (/\p{Ll}{2,}\p{Lu}\p{Ll}+/u.test(core) && !/^(Mc|Mac|De|La|Le|Van|O')\p{Lu}/u.test(core)) return true
  if (/\p{L}\p{N}+\p{L}\p{N}/u.test(core)) return true
  if (/\p{Script=Latin}/u.test(core) && scriptShares(core).length > 1) return true
  const letters = core.normalize('NFD').replace(/\P{Script=Latin}/gu, '')
  return letters.length >= 5 && letters !== letters.toUpperCase() && !/[aeiouy\u00E6\u0153\u00F8\u0131]/iu.test(letters)
}
