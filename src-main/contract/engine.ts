/** Records of the engine room: what runs, what it takes, what the cards hold. Memory is in MB (2^20 bytes), as the driver counts. */
import { z } from 'zod'
import { backendName, modelSummary, problem } from './model.ts'

export const layerName = z.enum(['curated', 'discovered', 'user'])

/** Graphics memory in MB by everything that tells it, and which figure counts. */
export const modelMemory = z.object({
  /** What is planned with; null: nothing is known. */
  usedMb: z.number().nonnegative().nullable(),
  source: z.enum(['measured', 'registry', 'estimated', 'none']),
  registryMb: z.number().nonnegative().nullable(),
  estimatedMb: z.number().nonnegative().nullable(),
  /** Of each card, taken ahead by its server whatever the model needs. */
  reservedShare: z.number().min(0).max(1).nullable(),
})
export type ModelMemory = z.infer<typeof modelMemory>

/** One model with everything that is known of it. */
export const modelDetail = modelSummary.extend({
  memory: modelMemory,
  /** The merged entry with the keys of the registry files. */
  entry: z.record(z.string(), z.unknown()),
  /** JSON pointer of each value → the layer that it comes from. */
  provenance: z.record(z.string(), layerName),
  problems: z.array(problem),
})
export type ModelDetail = z.infer<typeof modelDetail>

export const scanReport = z.object({
  sources: z.array(z.object({ source: z.string(), place: z.string(), found: z.int().nonnegative(), note: z.string().nullable() })),
  added: z.array(z.string()),
  changed: z.array(z.string()),
  /** Known before and gone now: kept and shown as not installed. */
  missing: z.array(z.string()),
})

export const lockReport = z.object({
  name: z.string(),
  locked: z.boolean(),
  /** Null: nothing to compare with, or no weights here. */
  matches: z.boolean().nullable(),
  digest: z.string().nullable(),
  expected: z.string().nullable(),
  files: z.int().nonnegative(),
})

export const probeReport = z.object({ name: z.string(), seesPictures: z.boolean(), latencyMs: z.number().nonnegative(), notes: z.string() })

export const registryVersion = z.object({ version: z.string(), time: z.string(), changed: z.array(z.string()), current: z.boolean() })
export type RegistryVersion = z.infer<typeof registryVersion>

/** Where a model's process stands. */
export const servingState = z.enum(['stopped', 'queued', 'starting', 'ready', 'busy', 'draining', 'stopping', 'failed'])

export const servingModel = z.object({
  name: z.string(),
  backend: backendName,
  state: servingState,
  /** Why it failed, drains or waits. */
  reason: z.string().nullable(),
  inFlight: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  /** Requests that it answers side by side. */
  slots: z.int().positive(),
  needMb: z.number().nonnegative(),
  claims: z.array(z.object({ gpu: z.int().nonnegative(), mb: z.number().nonnegative() })),
  pinned: z.boolean(),
  /** False for a server that somebody else runs: used as it is, never stopped. */
  managed: z.boolean(),
  /** Since its last use. */
  idleMs: z.number().nonnegative().nullable(),
  /** Until it is tried again after a failure. */
  retryInMs: z.number().nonnegative().nullable(),
  /** Tokens that it serves with, where memory did not suffice for what its entry asks for. */
  reducedContext: z.int().positive().nullable(),
  /** Of the studio's own child. */
  pid: z.int().nullable(),
})

export const servingView = z.object({
  profile: z.string().nullable(),
  models: z.array(servingModel),
  inFlight: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  /** Another program that uses the cards alone for a while, or waits to. */
  lease: z.object({ owner: z.string(), reason: z.string(), phase: z.enum(['wanted', 'held']), expiresInMs: z.number().nullable() }).nullable(),
  /** The newest last; at most 200. */
  transitions: z.array(z.object({ time: z.string(), model: z.string(), to: servingState, cause: z.string() })),
})
export type ServingView = z.infer<typeof servingView>

export const gaugeCard = z.object({
  index: z.int().nonnegative(),
  name: z.string(),
  totalMb: z.number().nonnegative(),
  /** Null where the driver does not tell. */
  usedByUsMb: z.number().nonnegative().nullable(),
  usedByOthersMb: z.number().nonnegative().nullable(),
  /** Held by the driver, and what the studio leaves alone. */
  reservedMb: z.number().nonnegative(),
  freeMb: z.number().nonnegative().nullable(),
  /** Memory that is shared with the processor. */
  unified: z.boolean(),
  /** How `usedByUsMb` is known. */
  source: z.string(),
})
export const gauge = z.object({
  cards: z.array(gaugeCard),
  /** Why there is nothing to show, e.g. no card that can serve models. */
  note: z.string().nullable(),
  takenAtMs: z.number(),
})
export type Gauge = z.infer<typeof gauge>

/** What would happen if this model were started now. A question without effect. */
export const startForecast = z.object({
  name: z.string(),
  needMb: z.number().nonnegative(),
  needSource: z.enum(['measured', 'estimated', 'registry', 'none']),
  fits: z.boolean(),
  evicts: z.array(z.string()),
  reason: z.string(),
})
export type StartForecast = z.infer<typeof startForecast>

export const requestLine = z.record(z.string(), z.unknown())
