/** What backends need from the outside; given by compose. */
import type { Gpu, Problem } from '../contract/model.ts'
import type { StudioError } from '../lib/studio-error.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { NeedSource, Placement, Started } from '../registry/serving.ts'

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

/** Keys of other machines, in the keychain of the operating system. Never a file of ours. */
export interface SecretStore {
  /** Null when nothing is kept under this name. @throws StudioError `secret-missing` when no keychain answers. */
  get(name: string): Promise<string | null>
  /** @throws StudioError `secret-missing` when no keychain answers: a key is not kept anywhere else instead. */
  set(name: string, value: string): Promise<void>
  /** Idempotent. @throws StudioError `secret-missing` when no keychain answers. */
  remove(name: string): Promise<void>
  available(): Promise<{ available: true } | { available: false; reason: string }>
}

/** Starts model servers as our own children (vLLM, llama-server, LMDeploy) and owns their lives; `launcher/` implements it. */
export interface ProcessRunner {
  /** Whether its program and its weights are here. Bounded to about a second, never rejects. */
  canServe(entry: RegistryEntry): Promise<{ ok: true } | { ok: false; reason: string }>
  /** @throws StudioError as `ModelRunner.start`. */
  start(entry: RegistryEntry, placement: Placement, options: { timeoutMs: number; signal: AbortSignal }): Promise<Started>
  /** Idempotent; resolves when the process is gone. */
  stop(name: string): Promise<void>
  /** Address of our child that serves this model, with or without `/v1`; null when none of ours does. */
  baseUrlOf(name: string): string | null
  /** Told when a child ended without being asked to. Returns its own undo. */
  onGone(listener: (name: string, error: StudioError) => void): () => void
  /** Children of an earlier life of the studio: adopted ones; all others are ended. */
  recover(): Promise<readonly { entry: RegistryEntry; placement: Placement }[]>
}

/** What a model takes, as estimated or measured. */
export interface Need {
  /** Graphics memory in MB. */
  needMb: number
  source: NeedSource
  /** Of the last load; null when it was never seen. */
  loadMs: number | null
}
