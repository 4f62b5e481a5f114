import type { PhotoSummary, Problem, Proposal, Review, Stage, TextField } from '../../src-main/contract/model.ts'
import type { BulkSlice } from './bulk-actions.ts'

export interface ReviewSlice {
  /** The photos under review, fixed when the review began: moving on does not depend on filters. */
  queue: readonly number[]
  index: number
  review: Review | null
  problem: Problem | null
  /** Neighbours whose pictures are worth fetching already. */
  ahead: readonly PhotoSummary[]
  /** Text under edit; lives here so that a key press can open it. */
  editing: { field: TextField; text: string } | null
  /** Keywords being typed; null while nobody types any. */
  keywordText: string | null
  showProvenance: boolean
  /** The photo at the full size of its preview; stays from photo to photo. */
  zoomed: boolean
  /** What stands where the photo is. */
  view: 'photo' | 'saw' | 'compare'
  /** Answers of all models and prompts to one photo, newest first. */
  answers: { photoId: number; list: readonly Proposal[] } | null
  /** `photoId stage` → the model that is being asked again. */
  asking: Readonly<Record<string, string>>
  againStage: Stage
  prompts: readonly string[]
  /** An edit over many photos that is being made. */
  bulk: BulkSlice | null
  /** Photos whose decisions can be taken back together, oldest first; the studio holds the decisions themselves. */
  past: readonly (readonly number[])[]
  future: readonly (readonly number[])[]
  /** All photos of the queue are behind us. */
  finished: boolean
}

export const startReview = (): ReviewSlice => ({
  queue: [],
  index: 0,
  review: null,
  problem: null,
  ahead: [],
  editing: null,
  keywordText: null,
  showProvenance: false,
  zoomed: false,
  view: 'photo',
  answers: null,
  asking: {},
  againStage: 'caption',
  prompts: [],
  bulk: null,
  past: [],
  future: [],
  finished: false,
})
