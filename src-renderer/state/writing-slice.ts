import type { Plan, Problem, WriteOutcome } from '../../src-main/contract/model.ts'

export interface WritingSlice {
  stage: 'idle' | 'planning' | 'ready' | 'writing' | 'done' | 'failed'
  plans: readonly Plan[]
  planned: number
  total: number
  done: number
  outcomes: readonly WriteOutcome[]
  problem: Problem | null
}

export const startWriting = (): WritingSlice => ({ stage: 'idle', plans: [], planned: 0, total: 0, done: 0, outcomes: [], problem: null })
