/**
 * Flushing costs the same for one photo as for several: what reaches the disk together is flushed together. Nobody is told before the
 * flush that began after his change has ended, so each photo's own order stays: its journal record is durable before its copy exists, its
 * hash before its rename, its rename before its record ends. What other photos do meanwhile makes no difference to that.
 */
import type { JournalStore } from './ports.ts'
import { flushFolder } from './safe-file.ts'

export interface GroupCommits {
  /** Done and durable when it resolves. What fails together is tried alone, so that it fails nobody else. */
  record<T>(work: () => T): Promise<T>
  /** The folder's names as they are now are durable when it resolves. */
  flushNames(folder: string): Promise<void>
}

export function createGroupCommits(journal: Pick<JournalStore, 'together'>, flush: (folder: string) => Promise<void> = flushFolder): GroupCommits {
  let waiting: { work: () => void; alone: () => void; done: () => void }[] = []
  const commit = () => {
    const group = waiting
    waiting = []
    const isDone = group.length > 1 && tryTogether(() => group.forEach(({ work }) => work()))
    for (const { done, alone } of group) (isDone ? done : alone)()
  }
  const tryTogether = (work: () => void): boolean => {
    try {
      journal.together(work)
      return true
    } catch {
      return false
    }
  }

  const running = new Map<string, Promise<void>>()
  const next = new Map<string, Promise<void>>()
  const afterTheRunning = async (folder: string) => {
    await running.get(folder)?.catch(() => undefined)
    next.delete(folder)
    const mine = flush(folder).finally(() => {
      if (running.get(folder) === mine) running.delete(folder)
    })
    running.set(folder, mine)
    return mine
  }

  return {
    record<T>(work: () => T) {
      return new Promise<T>((resolve, reject) => {
        let result: T
        const entry = {
          work: () => void (result = work()),
          done: () => resolve(result),
          alone() {
            try {
              resolve(work())
            } catch (error) {
              reject(error)
            }
          },
        }
        // What comes in the same turn, also while a flush kept this thread busy, goes together.
        if (waiting.push(entry) === 1) setImmediate(commit)
      })
    },
    flushNames(folder) {
      const coming = next.get(folder)
      if (coming !== undefined) return coming
      const mine = afterTheRunning(folder)
      next.set(folder, mine)
      return mine
    },
  }
}
