/** What is known of a model's memory, each figure apart, and which of them counts. Pure. Nothing of it depends on the cards that are here. */
import { estimateModel } from './estimate-model.ts'
import { isGuess, type ModelNeed } from './need-of.ts'
import type { VramEntry } from './ports.ts'

export interface MemoryFigures {
  /** MB that are planned with; null when nothing is known. */
  usedMb: number | null
  /** Which figure `usedMb` is; `none`: no graphics memory is taken, or nothing is known. */
  source: ModelNeed['source']
  /** MB by the model list; null where it has no figure, or only a guess that a scan made. */
  registryMb: number | null
  /** MB by the estimate for the context that the entry is served with; null when a figure for it is missing. */
  estimatedMb: number | null
  /** Share of each card (0..1) that the server takes ahead whatever the model needs; null for servers that take what they need. */
  reservedShare: number | null
}

export function memoryFigures(entry: VramEntry, need: ModelNeed): MemoryFigures {
  const estimate = estimateModel(entry)
  return {
    usedMb: need.needMb,
    source: need.source,
    registryMb: isGuess(entry) ? null : entry.vram_estimate_mb,
    estimatedMb: estimate.known ? estimate.needMb : null,
    reservedShare: estimate.known ? (estimate.serving.reservedShare?.value ?? null) : null,
  }
}
