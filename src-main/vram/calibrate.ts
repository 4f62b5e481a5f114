/** Adding what was just observed to what is kept of earlier loads. Pure. */
import type { Measurement, MeasurementKey } from './ports.ts'

/** What one load or one request showed; absent parts were not observed. */
export interface Observation {
  /** Over all its cards, in MB. Counted only while no other load ran. */
  peakMb?: number | null
  /** What the backend was told to take ahead; null for one that takes what it needs. */
  reservedMb?: number | null
  /** The need within a reservation, by the backend's own word. */
  neededMb?: number | null
  loadMs?: number | null
  ttftMs?: number | null
  tokensPerS?: number | null
  /** The request waited for the load: its first token says nothing about the model at work. */
  cold: boolean
}

/** Older samples fade: a mean moves by at least this share with each new one. */
const LEAST_SHARE = 1 / 50

function mean(before: number | null, samplesBefore: number, value: number | null | undefined): number | null {
  if (value === null || value === undefined || !Number.isFinite(value) || value < 0) return before
  return before === null ? value : before + (value - before) * Math.max(LEAST_SHARE, 1 / (samplesBefore + 1))
}

function highest(before: number | null, value: number | null | undefined): number | null {
  if (value === null || value === undefined || !Number.isFinite(value) || value <= 0) return before
  return Math.max(before ?? 0, value)
}

/** Cold starts and warm requests are counted apart. A reservation that changed starts its peak anew. */
export function addObservation(before: Measurement | undefined, key: MeasurementKey, seen: Observation, nowMs: number): Measurement {
  const reservedMb = seen.reservedMb === undefined ? (before?.reservedMb ?? null) : seen.reservedMb
  const { loadMs = null, coldTtftMs = null, coldSamples = 0, ttftMs = null, tokensPerS = null, samples = 0 } = before ?? {}
  return {
    ...key,
    peakMb: highest(reservedMb === (before?.reservedMb ?? null) ? (before?.peakMb ?? null) : null, seen.peakMb),
    reservedMb,
    neededMb: highest(before?.neededMb ?? null, seen.neededMb),
    loadMs: mean(loadMs, coldSamples, seen.loadMs),
    coldTtftMs: seen.cold ? mean(coldTtftMs, coldSamples, seen.ttftMs) : coldTtftMs,
    coldSamples: coldSamples + (seen.cold ? 1 : 0),
    ttftMs: seen.cold ? ttftMs : mean(ttftMs, samples, seen.ttftMs),
    tokensPerS: mean(tokensPerS, samples + (seen.cold ? coldSamples : 0), seen.tokensPerS),
    samples: samples + (seen.cold ? 0 : 1),
    observedAtMs: nowMs,
  }
}

/** What a run of the model takes, by its own word; null when only a reservation was seen, which says nothing about the model. */
export function measuredNeedMb(measurement: Measurement): number | null {
  return measurement.neededMb ?? (measurement.reservedMb === null ? measurement.peakMb : null)
}
