/** Ends of our children, for those whose request broke off: was it the server's end, and why. */
import type { StudioError } from '../lib/studio-error.ts'
import type { ProcessRunner } from './ports.ts'

export interface ChildEnds {
  /** To be taken before a request; counts the ends that were seen. */
  mark(name: string): number
  /** The error of an end since the mark; waits up to `boundMs` for one, since a connection breaks before its process is seen to end. */
  since(name: string, mark: number, boundMs: number, signal: AbortSignal): Promise<StudioError | undefined>
}

export function createChildEnds(processes: Pick<ProcessRunner, 'onGone'>): ChildEnds {
  const ends = new Map<string, { count: number; error: StudioError }>()
  const waiting = new Set<() => void>()
  processes.onGone((name, error) => {
    ends.set(name, { count: (ends.get(name)?.count ?? 0) + 1, error })
    for (const look of [...waiting]) look()
  })
  const findSince = (name: string, mark: number) => {
    const last = ends.get(name)
    return last !== undefined && last.count > mark ? last.error : undefined
  }
  return {
    mark: (name) => ends.get(name)?.count ?? 0,
    since(name, mark, boundMs, signal) {
      return new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer)
          waiting.delete(look)
          signal.removeEventListener('abort', finish)
          resolve(findSince(name, mark))
        }
        const look = () => {
          if (findSince(name, mark)) finish()
        }
        const timer = setTimeout(finish, boundMs)
        waiting.add(look)
        signal.addEventListener('abort', finish, { once: true })
        if (signal.aborted) finish()
        else look()
      })
    },
  }
}
