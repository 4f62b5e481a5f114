/** What `imageworks vram` asks for. Types only; a host hands in the real thing with the context. GiB are 2^30 bytes. */
import type { Gauge } from '../contract/engine.ts'

export interface BareFigures {
  paramsBillion: number
  quant: string
  layers: number
  kvHeads: number
  headDim: number
  kvDtype: string
  batch: number
}

/** A named profile, with what was said to differ from it. */
export interface OverheadChoice {
  profile: string
  overheadGib?: number | undefined
  visionGib?: number | undefined
  fragFactor?: number | undefined
}

export interface GibFigures {
  weights_gib: number
  kv_gib: number
  overhead_gib: number
  vision_gib: number
  frag_factor: number
  total_gib: number
}
export interface ContextFigures extends GibFigures {
  context_tokens: number
  fits: boolean
  limited_by: string
}

export interface ModelWishes {
  contextTokens?: number | undefined
  slots?: number | undefined
  kvDtype?: string | undefined
  /** Of the card, for what a server takes ahead. */
  totalVramMb?: number | undefined
}

interface Unanswered {
  model: string
  missing: { figure: string; remedy: string }[]
}
interface SourcedParts {
  model: string
  /** Each with where it comes from: file, header, given, table, assumed. */
  parts: { part: string; gib: number; source: string }[]
  missing: []
}
export type ModelFigures = Unanswered | (GibFigures & SourcedParts & { context_tokens: number; need_mb: number; claim_mb: number | null })
export type ModelContextFigures = Unanswered | (ContextFigures & SourcedParts)

/** @throws StudioError `invalid-request` for an unknown quantization, KV type or profile (data {known}), or a figure that is no number above 0. */
export interface VramAnswers {
  /** The profile that suits the cards of this machine. */
  profileHere(): Promise<string>
  profiles(): { name: string; overhead_gib: number; vision_gib: number; frag_factor: number }[]
  estimate(figures: BareFigures, contextK: number, overhead: OverheadChoice): GibFigures
  maxContext(figures: BareFigures, limits: { totalVramGib: number; maxContextK: number }, overhead: OverheadChoice): ContextFigures
  /** @param entry A merged entry with the keys of the registry files. */
  estimateModel(entry: Readonly<Record<string, unknown>>, wishes: ModelWishes): ModelFigures
  maxContextOfModel(
    entry: Readonly<Record<string, unknown>>,
    limits: { totalVramGib: number; maxContextK: number },
    wishes: ModelWishes,
  ): ModelContextFigures
  gauge(): Promise<Gauge>
}
