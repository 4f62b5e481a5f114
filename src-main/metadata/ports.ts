/** What writing needs from the outside. Implemented by db; given by compose. Every method is one durable transaction (fsynced before it returns). */
import type { JournalEntry, Plan, Problem } from '../contract/model.ts'

export interface StoredPlan extends Plan {
  /** SHA-256 of the target file when the plan was made; null when the sidecar did not exist. A different file at write time voids the plan. */
  targetHash: string | null
  /** SHA-256 of the photo itself when the plan was made. */
  photoHash: string
  models: string[]
}

export interface PlanStore {
  add(plan: Omit<StoredPlan, 'id'>): StoredPlan
  find(planId: number): StoredPlan | undefined
}

/** Exact previous values of every tag that is touched, as ExifTool group:tag → value; a tag that was absent is null. */
export type TagValues = Record<string, string | string[] | Record<string, string> | null>

export interface JournalRecord extends JournalEntry {
  planId: number
  hashBefore: string | null
  hashAfter: string | null
  /** Path of our temporary file beside the target while the write is pending. */
  tempPath: string
  before: TagValues
  after: TagValues
  toolVersions: Record<string, string>
  revertedBy: number | null
}

export interface JournalStore {
  /** A number for one command's writes. */
  nextRun(): number
  begin(record: Omit<JournalRecord, 'writeId' | 'state' | 'problem' | 'revertedBy'>): number
  /** Records the hash of the verified replacement before it takes the original's place. */
  verified(writeId: number, hashAfter: string): void
  finish(writeId: number, state: 'written' | 'failed', problem: Problem | null): void
  reverted(writeId: number, byWriteId: number | null): void
  find(writeId: number): JournalRecord | undefined
  pending(): JournalRecord[]
  list(offset: number, limit: number): { total: number; items: JournalEntry[] }
  writesOfRun(run: number): number[]
  /** Newest write of a photo's target that is not reverted. */
  latestWriteOf(path: string): JournalRecord | undefined
}

export type WantedText = { text: string | null; policy: 'fill' | 'replace' }
/** What the decisions ask for; a field that is missing is not touched. */
export interface WantedFields {
  title?: WantedText
  description?: WantedText
  altText?: WantedText
  keywords?: { list: string[] | null; add: string[]; remove: string[] }
}
