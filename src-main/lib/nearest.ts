import { distance } from 'fastest-levenshtein'

/** The known names nearest to an unknown one, best first, at most `count`; names farther than half the word's length are left out. */
export function nearestNames(unknown: string, known: readonly string[], count = 3): string[] {
  const wanted = unknown.toLowerCase()
  return known
    .map((name) => ({ name, far: name.toLowerCase().includes(wanted) ? 0 : distance(wanted, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(3, Math.ceil(Math.max(name.length, wanted.length) / 2)))
    .sort((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, count)
    .map(({ name }) => name)
}
