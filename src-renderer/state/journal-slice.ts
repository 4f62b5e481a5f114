import type { JournalEntry, WriteOutcome } from '../../src-main/contract/model.ts'

export interface JournalSlice {
  total: number
  /** Newest first; null until the first answer. */
  entries: readonly JournalEntry[] | null
  focus: number
  selected: ReadonlySet<number>
  /** Writes that the user is about to take back. */
  confirming: readonly JournalEntry[] | null
  reverting: boolean
  outcomes: readonly WriteOutcome[] | null
}

export const startJournal = (): JournalSlice => ({
  total: 0,
  entries: null,
  focus: 0,
  selected: new Set(),
  confirming: null,
  reverting: false,
  outcomes: null,
})
