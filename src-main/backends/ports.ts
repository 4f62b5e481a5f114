/** What backends need from the outside; given by compose. */
import type { Gpu, Problem } from '../contract/model.ts'

/** Small values that outlive the process, by key. Values are JSON. */
export interface SettingsStore {
  /** Undefined when never set. */
  get(key: string): unknown
  /** Null forgets the key. */
  set(key: string, value: unknown): void
}

export type ReadGpus = () => Promise<{ gpus: Gpu[] }>
export type TellProblem = (problem: Problem) => void
export type Environment = Readonly<Record<string, string | undefined>>
