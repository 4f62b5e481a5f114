/** Keywords as a set with a stable order and no twins that differ only in case or Unicode form. Pure. */

/** Two keywords with the same key are the same word to a person. */
export function keywordKey(keyword: string): string {
  return keyword.normalize('NFC').trim().toLowerCase()
}

/** Existing words keep their order and spelling, twins included; new ones follow, once. */
export function addKeywords(existing: readonly string[], added: readonly string[]): string[] {
  const result = [...existing]
  const seen = new Set(existing.map(keywordKey))
  for (const word of added) {
    const key = keywordKey(word)
    if (key === '' || seen.has(key)) continue
    seen.add(key)
    result.push(word.trim())
  }
  return result
}

/** Removing a word removes its twins too. */
export function removeKeywords(existing: readonly string[], removed: readonly string[]): string[] {
  const gone = new Set(removed.map(keywordKey))
  return existing.filter((word) => !gone.has(keywordKey(word)))
}
