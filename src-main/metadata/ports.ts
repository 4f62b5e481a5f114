/** What writing needs from the outside. Implemented by db; given by compose. Every method is one durable transaction (fsynced before it returns). */
import type { JournalEntry, MonoWords, Plan, Problem } from '../contract/model.ts'

/** Who had a part in the words, for our own namespace. */
export interface Provenance {
  models: string[]
  promptHashes: string[]
  /** `approved`: proposals as they were. `edited`: some by hand. `by hand`: no proposal had a part. */
  action: 'approved' | 'edited' | 'by hand'
  /** ISO 8601, UTC. */
  writtenAt: string
  studioVersion: string
}

/** What the settings add to the changes, kept with the plan: what was shown is what is written. */
export interface PlanExtras {
  mirrorHeadline: boolean
  digikamTags: boolean
  provenance: Provenance | null
}

export interface StoredPlan extends Plan {
  /** SHA-256 of the target file when the plan was made; null when the sidecar did not exist. A different file at write time voids the plan. */
  targetHash: string | null
  /** SHA-256 of the photo itself when the plan was made. */
  photoHash: string
  models: string[]
  /** Of the prompts that had a part in the words; absent in plans of an older studio. */
  promptHashes?: string[]
  /** Absent in plans of an older studio: nothing but the changes. */
  extras?: PlanExtras
}

export interface PlanStore {
  add(plan: Omit<StoredPlan, 'id'>): StoredPlan
  find(planId: number): StoredPlan | undefined
  /** Newest plan of a photo, unless it was carried out. */
  latestOpen(photoId: number): StoredPlan | undefined
}

/** Exact previous values of every tag that is touched, as ExifTool group:tag → value; a tag that was absent is null. */
export type TagValues = Record<string, string | string[] | Record<string, string> | null>

export interface JournalRecord extends JournalEntry {
  /** Of the prompts that had a part in the words. */
  promptHashes: string[]
  /** The write that this one takes back; null for a write, and for the reverts of an older studio's whose write is not known. */
  reverts: number | null
  /** A revert that had to leave values which somebody changed since: the write it is about stays open. */
  isPartial: boolean
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
  /** What `work` records is one transaction: all of it or nothing, flushed once. */
  together(work: () => void): void
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

/** `fill`: proposed, so the policy of the settings counts. `replace`: decided by hand. */
export type WantedText = { text: string | null; policy: 'fill' | 'replace' }
/** What the decisions ask for; a field that is missing is not touched. */
export interface WantedFields {
  title?: WantedText
  description?: WantedText
  altText?: WantedText
  extendedDescription?: WantedText
  /** A word with `|` in it is a path. `proposed`: those of `add` that a model gave, for which the policy of the settings counts. */
  keywords?: { list: string[] | null; add: string[]; remove: string[]; proposed?: string[] }
  /** Takes the place of the verdict before it; the settings say whether it is a keyword too. */
  mono?: MonoWords
  /** Who had a part in these words; written only when the settings ask for it. */
  origin?: Pick<Provenance, 'promptHashes' | 'action'>
}

/** What the target holds now in a tag that the snapshot does not show. */
export type HeldTag = (tag: string) => string | string[] | null
