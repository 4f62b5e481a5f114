import { lstatSync } from 'node:fs'
import path from 'node:path'
import type { VolumeFolding } from '../library/path-key.ts'

/**
 * Tells what each volume ignores in names; one probe a volume. Case is tried out on a name that is there, written the other way round.
 * The normal form goes by the system, so that the answer never depends on which names a folder happens to hold: macOS ignores it on
 * all its file systems, the others keep both forms apart.
 */
export function createVolumeProbe(): (device: bigint, folder: string, names: readonly string[]) => VolumeFolding {
  const known = new Map<bigint, VolumeFolding>()
  return (device, folder, names) => {
    const found = known.get(device)
    if (found) return found
    const folding = { case: ignoresCase(folder, names), normalForm: process.platform === 'darwin' }
    known.set(device, folding)
    return folding
  }
}

function ignoresCase(folder: string, names: readonly string[]): boolean {
  const listed = new Set(names)
  for (const name of names) {
    const other = name.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
    if (other === name) continue
    if (listed.has(other)) return false
    const here = findInode(path.join(folder, name))
    // Gone since it was listed: it proves nothing.
    if (here === undefined) continue
    return findInode(path.join(folder, other)) === here
  }
  // Nothing to try it on.
  return process.platform === 'win32' || process.platform === 'darwin'
}

function findInode(file: string): string | undefined {
  try {
    const { dev, ino } = lstatSync(file, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
