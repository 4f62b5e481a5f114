import { type Dirent, readdirSync } from 'node:fs'

/** Stands in a name where its bytes are not UTF-8, and rarely as itself. */
const REPLACEMENT = '\ufffd'

/**
 * Names of a folder that are not text: bytes that are not UTF-8, or on Windows half a character. The usual folder has none and costs
 * one look at each name; only a suspicious one is read again as bytes. Undefined when there are none.
 */
export function findUnreadableNames(folder: string, entries: readonly Dirent[]): Set<string> | undefined {
  const suspicious = entries.filter(({ name }) => name.includes(REPLACEMENT) || (process.platform === 'win32' && /\p{Surrogate}/u.test(name)))
  if (suspicious.length === 0) return undefined
  const exact = new Set(readdirSync(folder, { encoding: 'buffer' }).map((bytes) => bytes.toString('latin1')))
  // A name that stands in the folder byte for byte is text after all.
  return new Set(suspicious.map(({ name }) => name).filter((name) => !exact.has(Buffer.from(name).toString('latin1')) || /\p{Surrogate}/u.test(name)))
}
