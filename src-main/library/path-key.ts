/** Identity of a path: what makes two spellings the same file. See [Note: identity of a path] in README.md. */

/** Differences in spelling that a volume ignores. */
export interface VolumeFolding {
  case: boolean
  normalForm: boolean
}

/** Linux: every byte counts. */
export const EXACT: VolumeFolding = { case: false, normalForm: false }

/**
 * Text that is equal for two canonical paths exactly when the volume takes them for the same file. On an exact volume it is the
 * path itself; elsewhere a prefix, which no absolute path begins with, says how it was folded.
 */
export function pathKey(canonicalPath: string, folding: VolumeFolding): string {
  const composed = folding.normalForm ? canonicalPath.normalize('NFC') : canonicalPath
  const folded = folding.case ? composed.toLowerCase() : composed
  return marker(folding) + folded
}

/** Every key that this path could be stored under, most likely first; at most four. */
export function possiblePathKeys(canonicalPath: string): string[] {
  return [false, true].flatMap((foldsCase) => [false, true].map((normalForm) => pathKey(canonicalPath, { case: foldsCase, normalForm })))
}

function marker(folding: VolumeFolding): string {
  if (!folding.case && !folding.normalForm) return ''
  return `~${folding.case ? 'c' : ''}${folding.normalForm ? 'n' : ''}:`
}

/** How words and names are compared in a search: one normal form, no case, one line. */
export function searchKey(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ')
}
