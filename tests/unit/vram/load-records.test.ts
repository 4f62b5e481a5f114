/** The estimate must give way to what the first load showed; a reservation says nothing about the need. */
import { expect, it } from 'vitest'
import { entrySchema } from '../../../src-main/registry/entry.ts'
import { createLoadRecords } from '../../../src-main/vram/load-records.ts'
import type { Measurement, MeasurementKey } from '../../../src-main/vram/ports.ts'

const clock = { nowMs: () => 1000, ticksMs: () => 0 }
const memoryStore = () => {
  const rows = new Map<string, Measurement>()
  const id = (key: MeasurementKey) =>
    [key.model, key.quantization, key.backend, key.gpuSet, key.contextTokens, key.slots, key.backendVersion].join('|')
  return {
    find: (key: MeasurementKey) => rows.get(id(key)),
    ofModel: (model: string) => [...rows.values()].filter((row) => row.model === model),
    put: (row: Measurement) => void rows.set(id(row), row),
  }
}
const entry = entrySchema.parse({ name: 'm', backend: 'llamacpp', backend_config: { max_model_len: 4096 }, vram_estimate_mb: 6400 })

it('the registry figure holds until the first load, then the measured one', () => {
  const records = createLoadRecords({ store: memoryStore(), clock })
  expect(records.needOf(entry)).toMatchObject({ needMb: 6400, source: 'registry', loadMs: null })
  records.loaded(entry, { gpus: [0], measuredMb: { 0: 5980 }, loadMs: 4000, reserves: false })
  expect(records.needOf(entry)).toMatchObject({ needMb: 5980, source: 'measured', loadMs: 4000 })
  records.loaded(entry, { gpus: [0], measuredMb: { 0: 6100 }, loadMs: 4000, reserves: false })
  expect(records.needOf(entry)).toMatchObject({ needMb: 6100 })
})

it('what a server takes ahead is not what the model needs', () => {
  const records = createLoadRecords({ store: memoryStore(), clock })
  records.loaded(entry, { gpus: [0], measuredMb: { 0: 14_700 }, loadMs: 90_000, reserves: true })
  expect(records.needOf(entry)).toMatchObject({ needMb: 6400, source: 'registry', loadMs: 90_000 })
})

it('a load that could not be measured leaves the figure as it was', () => {
  const records = createLoadRecords({ store: memoryStore(), clock })
  records.loaded(entry, { gpus: [0], measuredMb: null, loadMs: 100, reserves: false })
  expect(records.needOf(entry)).toMatchObject({ needMb: 6400, source: 'registry' })
})

it('the second half of a spread model counts as well', () => {
  const records = createLoadRecords({ store: memoryStore(), clock })
  records.loaded(entry, { gpus: [0, 1], measuredMb: { 0: 4000, 1: 4200 }, loadMs: 100, reserves: false })
  expect(records.needOf(entry)).toMatchObject({ needMb: 8200, source: 'measured' })
})
