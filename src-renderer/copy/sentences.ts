/** Shape of the sentences for something that went wrong. Free of the DOM: the command line speaks with the same words. */
export interface ProblemSentences {
  /** What happened to the user's photo or request. */
  what: string
  /** Whether the file is safe. Empty where no file is concerned. */
  safe: string
  /** What to do next. Empty where nothing needs doing. */
  next: string
}
export type ProblemData = Readonly<Record<string, unknown>>

/** Text of a value in a problem's data, or the fallback where it is missing. */
export function textOf(data: ProblemData, key: string, fallback: string): string {
  const value = data[key]
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value) && value.length > 0) return value.map(String).join(', ')
  return fallback
}
