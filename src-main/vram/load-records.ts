/** What loads and answers showed, kept for the next time; and what a model needs by everything that is known of it. */
import type { Clock } from '../lib/clock.ts'
import { createCalibration } from './calibration.ts'
import { estimateModel } from './estimate-model.ts'
import type { ModelNeed } from './need-of.ts'
import type { MeasurementKey, MeasurementStore, VramEntry } from './ports.ts'

export interface LoadRecords {
  needOf(entry: VramEntry): ModelNeed
  /** @param measuredMb By card index; null where it could not be measured. `reserves`: the server takes its whole share ahead. */
  loaded(
    entry: VramEntry,
    load: { gpus: readonly number[]; measuredMb: Readonly<Record<number, number>> | null; loadMs: number; reserves: boolean },
  ): void
  /** Of one answered request; `cold`: it waited for the load. */
  answered(entry: VramEntry, seen: { ttftMs: number | null; tokensPerS: number | null; cold: boolean }): void
}

export function createLoadRecords(options: { store: MeasurementStore; clock: Clock }): LoadRecords {
  const { store, clock } = options
  const calibration = createCalibration({ store, clock })
  const placed = new Map<string, MeasurementKey>()

  const keyOf = (entry: VramEntry, gpus: readonly number[]): MeasurementKey => {
    const estimate = estimateModel(entry)
    return {
      model: entry.name,
      quantization: entry.quantization ?? '',
      backend: entry.backend,
      gpuSet: gpus.join(','),
      contextTokens: estimate.known ? estimate.contextTokens.value : (entry.backend_config.max_model_len ?? 0),
      slots: estimate.known ? estimate.serving.slots.value : 1,
      backendVersion: '',
    }
  }

  return {
    needOf: (entry) => calibration.needOf(entry, { contextTokens: entry.backend_config.max_model_len ?? undefined }),
    loaded(entry, { gpus, measuredMb, loadMs, reserves }) {
      const key = keyOf(entry, gpus)
      placed.set(entry.name, key)
      const peakMb = measuredMb === null ? null : Object.values(measuredMb).reduce((sum, mb) => sum + mb, 0)
      calibration.observe(key, { peakMb, reservedMb: reserves ? peakMb : null, loadMs, cold: true })
    },
    answered(entry, seen) {
      const key = placed.get(entry.name) ?? keyOf(entry, [])
      calibration.observe(key, seen)
    },
  }
}
