/**
 * Keywords with levels, `Animals|Dog`, root first, as `lr:hierarchicalSubject` holds them. Pure.
 * A `|` that stands close between two letters makes a path; one with spaces around it is part of a word and never goes into a tree.
 */
import { addKeywords, keywordKey } from './keyword-sets.ts'

export const LEVEL_MARK = '|'

/** How one program expects a tree beside its flat words. */
export interface KeywordStyle {
  /** `given`: paths as they were given. `every-prefix`: `Animals` beside `Animals|Dog`. `every-keyword`: flat words stand in the tree too. */
  tree: 'given' | 'every-prefix' | 'every-keyword'
  /** Which levels of a path become flat words. */
  flat: 'every-level' | 'leaf'
  /** Whether `digiKam:TagsList` is kept beside the tree. */
  digikamTags: boolean
}

export const isPath = (word: string): boolean => /[^\s|]\|[^\s|]/.test(word)

export function levelsOf(path: string): string[] {
  return path
    .split(LEVEL_MARK)
    .map((level) => level.trim())
    .filter((level) => level !== '')
}

const pathKey = (path: string) => levelsOf(path).map(keywordKey).join(LEVEL_MARK)
const leafKey = (path: string) => keywordKey(levelsOf(path).at(-1) ?? '')

/** Paths become their flat words; plain words stay. */
export function flatWords(words: readonly string[], flat: KeywordStyle['flat']): string[] {
  return words.flatMap((word) => (isPath(word) ? (flat === 'leaf' ? levelsOf(word).slice(-1) : levelsOf(word)) : [word]))
}

/** Flat words that go when `removed` is taken out: the leaf of a path too, unless another path ends in it or it is one of `wanted`. */
export function flatRemovals(tree: readonly string[], removed: readonly string[], wanted: readonly string[] = []): string[] {
  const stays = new Set([...withoutPaths(tree, removed).map(leafKey), ...wanted.map(keywordKey)])
  const leaf = (path: string) => levelsOf(path).slice(-1)
  return removed.flatMap((word) => (isPath(word) ? leaf(word).filter((each) => !stays.has(keywordKey(each))) : [word]))
}

/**
 * The tree after `removed` (words and paths; a path takes what lies below it along) went and `added` came. Existing paths keep their
 * order and spelling; no path comes twice, whatever its case or Unicode form.
 */
export function changeTree(
  tree: readonly string[],
  change: { added: readonly string[]; removed: readonly string[]; flat: readonly string[] },
  style: KeywordStyle['tree'],
): string[] {
  const withPrefixes = (path: string) => {
    const levels = levelsOf(path)
    return style === 'every-prefix' ? levels.map((_, depth) => levels.slice(0, depth + 1)) : [levels]
  }
  const added = change.added.filter(isPath)
  // What is removed and added at once stays where it is.
  const wanted = new Set(added.flatMap(withPrefixes).map((levels) => levels.map(keywordKey).join(LEVEL_MARK)))
  const goneLeaves = new Set(change.removed.filter((word) => !isPath(word)).map(keywordKey))
  const isGone = (path: string) => !wanted.has(pathKey(path)) && (goneLeaves.has(leafKey(path)) || withoutPaths([path], change.removed).length === 0)
  const stays = tree.filter((path) => !isGone(path))
  // So does a level above a path that stays, where the style would only put it back.
  const above = new Set(stays.flatMap(withPrefixes).map((levels) => levels.map(keywordKey).join(LEVEL_MARK)))
  const kept = tree.filter((path) => !isGone(path) || above.has(pathKey(path)))
  const result = [...kept]
  const seen = new Set(kept.map(pathKey))
  const put = (levels: readonly string[]) => {
    const path = levels.join(LEVEL_MARK)
    if (levels.length === 0 || seen.has(pathKey(path))) return
    seen.add(pathKey(path))
    result.push(path)
  }
  for (const levels of (style === 'every-prefix' ? [...kept, ...added] : added).flatMap(withPrefixes)) put(levels)
  if (style === 'every-keyword' && result.length > 0) {
    const inTree = new Set(result.flatMap(levelsOf).map(keywordKey))
    for (const word of change.flat) if (!inTree.has(keywordKey(word)) && !word.includes(LEVEL_MARK)) put([word])
  }
  return result
}

/** What is removed and added at once always ends up last: the order is the same however often it is done. */
export function putLast<T>(items: readonly T[], isLast: (item: T) => boolean): T[] {
  return [...items.filter((item) => !isLast(item)), ...items.filter(isLast)]
}

/** Without the removed paths and what lies below them. */
export function withoutPaths(tree: readonly string[], removed: readonly string[]): string[] {
  const gone = removed.filter(isPath).map(pathKey)
  return tree.filter((path) => !gone.some((key) => pathKey(path) === key || pathKey(path).startsWith(key + LEVEL_MARK)))
}

/**
 * digiKam's own list: the whole tree and every flat word that no path holds, levels parted by `/`. Its order is kept; what the tree and
 * the words no longer hold goes. A `/` inside a word would make a level of its own and becomes the division slash.
 */
export function digikamTags(existing: readonly string[], tree: readonly string[], flat: readonly string[]): string[] {
  const inTree = new Set(tree.flatMap(levelsOf).map(keywordKey))
  const lines = [...tree.map(levelsOf), ...flat.filter((word) => !inTree.has(keywordKey(word))).map((word) => [word])]
  const wanted = addKeywords(
    [],
    lines.map((levels) => levels.map((level) => level.replaceAll('/', '\u2215')).join('/')),
  )
  const keys = new Set(wanted.map(keywordKey))
  return addKeywords(
    existing.filter((line) => keys.has(keywordKey(line))),
    wanted,
  )
}

/** digiKam's list as paths of ours. */
export const fromDigikamTags = (lines: readonly string[]): string[] => lines.map((line) => line.split('/').join(LEVEL_MARK))
