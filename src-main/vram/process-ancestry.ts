/**
 * Which of our processes another one descends from. Asked from the leaf up, as few programs use a card and a server may have hundreds of
 * children. Linux only: elsewhere a process is ours only if it is the very one that was started.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

const DEEPEST = 32

/** Ends at the pid itself or at one of its parents; undefined for foreign ones. Never rejects. */
export type FindRoot = (pid: number, roots: ReadonlySet<number>) => Promise<number | undefined>

/** The parent in a line of `/proc/<pid>/stat`: the second field after the name, which may hold spaces and brackets. */
export function parentOf(stat: string): number | undefined {
  const parent = Number(
    stat
      .slice(stat.lastIndexOf(')') + 1)
      .trim()
      .split(' ')[1],
  )
  return Number.isInteger(parent) && parent > 0 ? parent : undefined
}

export function createFindRoot(options: { platform?: NodeJS.Platform; procFolder?: string } = {}): FindRoot {
  const { platform = process.platform, procFolder = '/proc' } = options
  return async (pid, roots) => {
    let at: number | undefined = pid
    for (let depth = 0; at !== undefined && depth < DEEPEST; depth++) {
      if (roots.has(at)) return at
      if (platform !== 'linux') return undefined
      const stat: string | undefined = await readFile(path.join(procFolder, String(at), 'stat'), 'latin1').catch(() => undefined)
      at = stat === undefined ? undefined : parentOf(stat)
    }
    return undefined
  }
}
