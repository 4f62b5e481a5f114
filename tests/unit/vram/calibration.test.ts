import { describe, expect, it } from 'vitest'
import { addObservation } from '../../../src-main/vram/calibrate.ts'
import { createCalibration } from '../../../src-main/vram/calibration.ts'
import { estimateModel } from '../../../src-main/vram/estimate-model.ts'
import { needOf } from '../../../src-main/vram/need-of.ts'
import type { Measurement, MeasurementKey } from '../../../src-main/vram/ports.ts'
import { vramEntry } from './entry-samples.ts'

const key: MeasurementKey = { model: 'm', quantization: 'q4_k_m', backend: 'ollama', gpuSet: '0', contextTokens: 8192, slots: 1, backendVersion: '1' }
const entry = vramEntry({ name: 'm', backend: 'ollama', served_model_id: 'qwen2.5vl:7b', quantization: 'q4_k_m', vram_estimate_mb: 6400 })
const context = { contextTokens: 8192 }
const seen = (more: Partial<Measurement> = {}): Measurement => ({
  ...addObservation(undefined, key, { peakMb: 7100, loadMs: 4000, cold: true }, 10),
  ...more,
})

describe('adding what was observed', () => {
  it('keeps the high-water mark', () => {
    const one = addObservation(undefined, key, { peakMb: 7000, cold: true }, 1)
    expect(addObservation(one, key, { peakMb: 6000, cold: false }, 2).peakMb).toBe(7000)
    expect(addObservation(one, key, { peakMb: 7500, cold: false }, 2).peakMb).toBe(7500)
    expect(addObservation(one, key, { cold: false }, 2)).toMatchObject({ peakMb: 7000, observedAtMs: 2 })
  })
  it('a cold start must not spoil the speed of the model at work', () => {
    const cold = addObservation(undefined, key, { loadMs: 40_000, ttftMs: 45_000, cold: true }, 1)
    const warm = addObservation(
      addObservation(cold, key, { ttftMs: 200, tokensPerS: 50, cold: false }, 2),
      key,
      { ttftMs: 400, tokensPerS: 70, cold: false },
      3,
    )
    expect(warm).toMatchObject({ coldTtftMs: 45_000, coldSamples: 1, ttftMs: 300, tokensPerS: 60, samples: 2, loadMs: 40_000 })
  })
  it('nonsense counts as not observed', () => {
    expect(addObservation(undefined, key, { peakMb: 0, loadMs: Number.NaN, ttftMs: -1, cold: false }, 1)).toMatchObject({
      peakMb: null,
      loadMs: null,
      ttftMs: null,
    })
  })
  it('a mean goes on moving after thousands of samples', () => {
    let row = addObservation(undefined, key, { ttftMs: 100, cold: false }, 1)
    for (let i = 0; i < 1000; i++) row = addObservation(row, key, { ttftMs: 100, cold: false }, 1)
    for (let i = 0; i < 200; i++) row = addObservation(row, key, { ttftMs: 300, cold: false }, 1)
    expect(row.ttftMs).toBeGreaterThan(290)
  })
})

describe('what a model needs', () => {
  it('measured goes before the registry, the registry before the estimate', () => {
    expect(needOf(entry, [seen()], context)).toMatchObject({ needMb: 7100, source: 'measured', loadMs: 4000 })
    expect(needOf(entry, [], context)).toMatchObject({ needMb: 6400, source: 'registry', loadMs: null })
    const estimate = estimateModel(entry, context)
    expect(needOf({ ...entry, vram_estimate_mb: null }, [], context)).toMatchObject({
      needMb: estimate.known && estimate.needMb,
      source: 'estimated',
    })
  })
  it('a guess that discovery made from the file size is worth less than an estimate', () => {
    const guessed = { ...entry, metadata: { vram_estimate_source: 'size of the weights' } }
    expect(needOf(guessed, [], context).source).toBe('estimated')
    expect(needOf({ ...guessed, served_model_id: 'nobody' }, [], context)).toMatchObject({ needMb: 6400, source: 'registry' })
  })
  it('without any figure nothing is known, and it says what is missing', () => {
    const found = needOf(vramEntry({ name: 'x' }), [], {})
    expect(found).toMatchObject({ needMb: null, source: 'none' })
    expect(found.missing).not.toEqual([])
  })
  it('a model that runs elsewhere needs nothing here, whatever its entry says', () => {
    expect(needOf(vramEntry({ backend: 'remote', vram_estimate_mb: 9000 }), [], {})).toMatchObject({ needMb: 0, source: 'none' })
  })
  it('what vLLM took ahead must not become the need, or each start would take more', () => {
    const vllm = { ...entry, backend: 'vllm' }
    const reserved = seen({ backend: 'vllm', peakMb: 21_600, reservedMb: 21_672 })
    expect(needOf(vllm, [reserved], context)).toMatchObject({ needMb: 6400, source: 'registry' })
    expect(needOf(vllm, [{ ...reserved, neededMb: 7300 }], context)).toMatchObject({ needMb: 7300, source: 'measured' })
  })
  it('measured with another context it differs by the cache between the two', () => {
    // Qwen2.5-VL-7B: 56 KiB a token.
    expect(needOf(entry, [seen()], { contextTokens: 16_384 })).toMatchObject({ needMb: 7100 + 448, source: 'measured' })
    expect(needOf(entry, [seen()], { contextTokens: 4096 })).toMatchObject({ needMb: 7100 - 224, source: 'measured' })
  })
  it('the same context goes before a newer measurement of another, the same version before both', () => {
    const rows = [
      seen({ contextTokens: 4096, peakMb: 5000, observedAtMs: 99 }),
      seen({ peakMb: 7300, backendVersion: '2', observedAtMs: 20 }),
      seen({ peakMb: 7100, backendVersion: '1', observedAtMs: 10 }),
    ]
    expect(needOf(entry, rows, context).needMb).toBe(7300)
    expect(needOf(entry, rows, { ...context, backendVersion: '1' }).needMb).toBe(7100)
  })
  it('another backend, quantization or set of cards was another model', () => {
    for (const other of [{ backend: 'llamacpp' }, { quantization: 'q8_0' }, { gpuSet: '0,1' }, { model: 'n' }]) {
      expect(needOf(entry, [seen(other)], { ...context, gpuSet: '0' }).source).toBe('registry')
    }
  })
})

it('after the first load the estimate has served its time', () => {
  const rows = new Map<string, Measurement>()
  const calibration = createCalibration({
    store: {
      find: (wanted) => rows.get(JSON.stringify([wanted.model, wanted.contextTokens])),
      ofModel: (model) => [...rows.values()].filter((row) => row.model === model),
      put: (row) => void rows.set(JSON.stringify([row.model, row.contextTokens]), row),
    },
    clock: { nowMs: () => 5, ticksMs: () => 0 },
  })
  const unlisted = { ...entry, vram_estimate_mb: null }
  expect(calibration.needOf(unlisted, context).source).toBe('estimated')
  calibration.observe(key, { peakMb: 6900, loadMs: 3000, cold: true })
  calibration.observe(key, { peakMb: 7050, ttftMs: 150, cold: false })
  expect(calibration.needOf(unlisted, context)).toMatchObject({ needMb: 7050, source: 'measured', loadMs: 3000 })
})
