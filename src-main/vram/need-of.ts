/** What a model needs on this machine, from the surest source: measured, written in the registry, estimated. Pure. */
import { measuredNeedMb } from './calibrate.ts'
import { estimateModel, type EstimatePart, type MissingFigure, type ModelWish } from './estimate-model.ts'
import type { Measurement, VramEntry } from './ports.ts'

export interface NeedContext extends ModelWish {
  /** Cards that it is meant for; undefined: any. */
  gpuSet?: string | undefined
  /** Of the backend as it is now; undefined: unknown. */
  backendVersion?: string | undefined
}

export interface ModelNeed {
  /** Over all its cards; 0: no graphics memory. Null: nothing is known. */
  needMb: number | null
  source: 'measured' | 'registry' | 'estimated' | 'none'
  /** Of the estimate, where there is one, whatever the source of the figure. */
  parts: EstimatePart[]
  /** Figures without which there is no estimate. */
  missing: MissingFigure[]
  /** Mean of the last loads; null when it was never seen. */
  loadMs: number | null
}

/** Discovery writes its own guess into the entry and says so; that is no figure that somebody vouches for. */
export const isGuess = (entry: VramEntry) => entry.metadata['vram_estimate_source'] !== undefined

/** Like was measured with like; the newest of the best kind. Another context is made good by the difference of the caches. */
function fromMeasurement(entry: VramEntry, measurements: readonly Measurement[], context: NeedContext): number | null {
  const now = estimateModel(entry, context)
  const sameModel = measurements.filter(
    (each) =>
      each.model === entry.name &&
      each.backend === (entry.backend === 'gguf' ? 'llamacpp' : entry.backend) &&
      each.quantization === (entry.quantization ?? '') &&
      (context.gpuSet === undefined || each.gpuSet === context.gpuSet) &&
      measuredNeedMb(each) !== null,
  )
  const fit = (each: Measurement) => {
    // 0 stands for a context that nobody knows: the same entry is run the same way.
    const wanted = now.known ? now.contextTokens.value : (context.contextTokens ?? 0)
    const slots = now.known ? now.serving.slots.value : context.slots
    const exact = each.contextTokens === wanted && (slots === undefined || each.slots === slots)
    return (exact ? 2 : 0) + (context.backendVersion !== undefined && each.backendVersion === context.backendVersion ? 1 : 0)
  }
  const [best] = sameModel.map((each) => ({ each, fit: fit(each) })).sort((a, b) => b.fit - a.fit || b.each.observedAtMs - a.each.observedAtMs)
  if (!best) return null
  const measuredMb = measuredNeedMb(best.each) ?? 0
  if (best.fit >= 2) return measuredMb
  const then = estimateModel(entry, { ...context, contextTokens: best.each.contextTokens, slots: best.each.slots })
  return now.known && then.known ? Math.max(0, Math.round(measuredMb + (now.totalBytes - then.totalBytes) / 2 ** 20)) : null
}

/**
 * Never a silent guess: without a measurement, a figure in the registry and the figures for an estimate the need is null and
 * `missing` says why.
 * @throws StudioError `invalid-request` as `estimateModel`.
 */
export function needOf(entry: VramEntry, measurements: readonly Measurement[], context: NeedContext = {}): ModelNeed {
  const estimate = estimateModel(entry, context)
  const parts = estimate.known ? estimate.parts : []
  const missing = estimate.known ? [] : estimate.missing
  const loadMs = measurements.find((each) => each.model === entry.name && each.loadMs !== null)?.loadMs ?? null
  const told = (needMb: number | null, source: ModelNeed['source']): ModelNeed => ({ needMb, source, parts, missing, loadMs })
  if (estimate.known && parts.length === 0) return told(0, 'none')
  const measuredMb = fromMeasurement(entry, measurements, context)
  if (measuredMb !== null) return told(measuredMb, 'measured')
  if (entry.vram_estimate_mb !== null && !isGuess(entry)) return told(entry.vram_estimate_mb, 'registry')
  if (estimate.known) return told(estimate.needMb, 'estimated')
  return entry.vram_estimate_mb === null ? told(null, 'none') : told(entry.vram_estimate_mb, 'registry')
}
