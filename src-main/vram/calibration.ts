/** The measurements of this machine as the studio uses them: told of every load and request, asked for every need. */
import type { Clock } from '../lib/clock.ts'
import { addObservation, type Observation } from './calibrate.ts'
import { type ModelNeed, type NeedContext, needOf } from './need-of.ts'
import type { MeasurementKey, MeasurementStore, VramEntry } from './ports.ts'

export interface Calibration {
  observe(key: MeasurementKey, seen: Observation): void
  /** @throws StudioError `invalid-request` for a KV type that the caller names and nobody knows. */
  needOf(entry: VramEntry, context?: NeedContext): ModelNeed
}

export function createCalibration({ store, clock }: { store: MeasurementStore; clock: Clock }): Calibration {
  return {
    observe: (key, seen) => store.put(addObservation(store.find(key), key, seen, clock.nowMs())),
    needOf: (entry, context) => needOf(entry, store.ofModel(entry.name), context),
  }
}
