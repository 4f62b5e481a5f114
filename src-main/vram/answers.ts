/** The room's answers in the words of the command line. */
import type { Gauge as GaugeReading } from '../contract/engine.ts'
import { contextOfModel } from './context-of-model.ts'
import { type BareFigures, estimate, type GibEstimate, type GibInverse, maxContext } from './estimate.ts'
import { estimateModel, type KnownEstimate, type ModelWish, type PartName } from './estimate-model.ts'
import type { CardReadings } from './cards.ts'
import { OVERHEAD_PROFILES, type OverheadProfile, overheadProfile, overheadProfileFor } from './overhead-profiles.ts'
import { claimOn } from './reservation.ts'
import { vramEntryOf } from './vram-entry.ts'

interface OverheadChoice {
  profile: string
  overheadGib?: number | undefined
  visionGib?: number | undefined
  fragFactor?: number | undefined
}
type EntryRecord = Readonly<Record<string, unknown>>
interface ModelWishes extends Pick<ModelWish, 'contextTokens' | 'slots' | 'kvDtype'> {
  totalVramMb?: number | undefined
}

const GIB = 2 ** 30
const DECIMALS = 10_000
const rounded = (value: number) => Math.round(value * DECIMALS) / DECIMALS

function chosen({ profile, overheadGib, visionGib, fragFactor }: OverheadChoice): OverheadProfile {
  const named = overheadProfile(profile)
  return { overheadGib: overheadGib ?? named.overheadGib, visionGib: visionGib ?? named.visionGib, fragFactor: fragFactor ?? named.fragFactor }
}

function inGib<Figures extends GibEstimate>(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, typeof value === 'number' ? rounded(value) : value])) as Figures
}

/** `vision_gib`: the tower that lies among the weights, and its working memory; `overhead_gib`: everything else beside weights and cache. */
function figuresOf(model: string, found: KnownEstimate) {
  const bytesOf = (...names: PartName[]) => found.parts.reduce((sum, { part, bytes }) => sum + (names.includes(part) ? bytes : 0), 0)
  const tower = Math.min(found.visionTowerBytes, bytesOf('weights'))
  return {
    model,
    weights_gib: rounded((bytesOf('weights') - tower) / GIB),
    kv_gib: rounded(bytesOf('kv') / GIB),
    overhead_gib: rounded(bytesOf('compute', 'graphs', 'context', 'collectives') / GIB),
    vision_gib: rounded((tower + bytesOf('encoder')) / GIB),
    frag_factor: 1,
    total_gib: rounded(found.totalBytes / GIB),
    parts: found.parts.map(({ part, bytes, source }) => ({ part, gib: rounded(bytes / GIB), source })),
    missing: [] as [],
  }
}

export interface VramAnswerOptions {
  gauge: () => Promise<GaugeReading>
  readCards: () => Promise<CardReadings>
}

export function createVramAnswers({ gauge, readCards }: VramAnswerOptions) {
  return {
    profileHere: async (): Promise<string> => overheadProfileFor((await readCards()).cards),
    profiles: () =>
      Object.entries(OVERHEAD_PROFILES).map(([name, { overheadGib, visionGib, fragFactor }]) => ({
        name,
        overhead_gib: overheadGib,
        vision_gib: visionGib,
        frag_factor: fragFactor,
      })),
    estimate: (figures: BareFigures, contextK: number, overhead: OverheadChoice): GibEstimate => inGib(estimate(figures, contextK, chosen(overhead))),
    maxContext: (figures: BareFigures, limits: { totalVramGib: number; maxContextK: number }, overhead: OverheadChoice): GibInverse =>
      inGib(maxContext(figures, limits, chosen(overhead))),
    estimateModel(record: EntryRecord, wishes: ModelWishes) {
      const entry = vramEntryOf(record)
      const { totalVramMb, ...wish } = wishes
      const found = estimateModel(entry, wish)
      if (!found.known) return { model: entry.name, missing: found.missing }
      return {
        ...figuresOf(entry.name, found),
        context_tokens: found.contextTokens.value,
        need_mb: found.needMb,
        claim_mb: totalVramMb === undefined ? null : claimOn(totalVramMb, entry, found).claimMb,
      }
    },
    maxContextOfModel(record: EntryRecord, { totalVramGib, maxContextK }: { totalVramGib: number; maxContextK: number }, wishes: ModelWishes) {
      const entry = vramEntryOf(record)
      const { totalVramMb: _, ...wish } = wishes
      const found = contextOfModel(entry, { budgetMb: totalVramGib * 1024, capTokens: maxContextK * 1024 }, wish)
      if (!found.known) return { model: entry.name, missing: found.missing }
      return {
        ...figuresOf(entry.name, found.estimate),
        context_tokens: found.contextTokens,
        fits: found.fits,
        limited_by: found.limitedBy,
      }
    },
    gauge,
  }
}
