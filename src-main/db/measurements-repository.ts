import type { Connection } from './connection.ts'

/** One way in which a model was run. */
export interface MeasurementKey {
  model: string
  quantization: string
  backend: string
  gpuSet: string
  contextTokens: number
  slots: number
  backendVersion: string
}

export interface StoredMeasurement extends MeasurementKey {
  peakMb: number | null
  reservedMb: number | null
  neededMb: number | null
  loadMs: number | null
  coldTtftMs: number | null
  coldSamples: number
  ttftMs: number | null
  tokensPerS: number | null
  samples: number
  observedAtMs: number
}

export interface MeasurementStore {
  find(key: MeasurementKey): StoredMeasurement | undefined
  /** Newest first. */
  ofModel(model: string): StoredMeasurement[]
  /** Newest first. */
  all(): StoredMeasurement[]
  /** Takes the place of what was kept under the same key. */
  put(measurement: StoredMeasurement): void
  /** Forgets everything about a model, e.g. when its weights were exchanged. */
  forget(model: string): void
}

/** Ways of running one model that are kept; beyond them the longest unseen go. */
const KEPT_PER_MODEL = 50

const COLUMNS = `model, quantization, backend, gpu_set AS gpuSet, context_tokens AS contextTokens, slots, backend_version AS backendVersion,
  peak_mb AS peakMb, reserved_mb AS reservedMb, needed_mb AS neededMb, load_ms AS loadMs, cold_ttft_ms AS coldTtftMs,
  cold_samples AS coldSamples, ttft_ms AS ttftMs, tokens_per_s AS tokensPerS, samples, observed_at_ms AS observedAtMs`

export function createMeasurementStore(connection: Connection): MeasurementStore {
  return {
    find: (key) =>
      connection.get<StoredMeasurement>(
        `SELECT ${COLUMNS} FROM measurements WHERE model = ? AND quantization = ? AND backend = ? AND gpu_set = ? AND context_tokens = ?
         AND slots = ? AND backend_version = ?`,
        ...[key.model, key.quantization, key.backend, key.gpuSet, key.contextTokens, key.slots, key.backendVersion],
      ),
    ofModel: (model) => connection.all<StoredMeasurement>(`SELECT ${COLUMNS} FROM measurements WHERE model = ? ORDER BY observed_at_ms DESC`, model),
    all: () => connection.all<StoredMeasurement>(`SELECT ${COLUMNS} FROM measurements ORDER BY observed_at_ms DESC`),
    put(row) {
      connection.transaction('crash-safe', () => {
        connection.run(
          `INSERT OR REPLACE INTO measurements (model, quantization, backend, gpu_set, context_tokens, slots, backend_version, peak_mb,
           reserved_mb, needed_mb, load_ms, cold_ttft_ms, cold_samples, ttft_ms, tokens_per_s, samples, observed_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[row.model, row.quantization, row.backend, row.gpuSet, row.contextTokens, row.slots, row.backendVersion, row.peakMb],
          ...[row.reservedMb, row.neededMb, row.loadMs, row.coldTtftMs, row.coldSamples, row.ttftMs, row.tokensPerS, row.samples],
          row.observedAtMs,
        )
        connection.run(
          `DELETE FROM measurements WHERE model = ? AND observed_at_ms <
           (SELECT observed_at_ms FROM measurements WHERE model = ? ORDER BY observed_at_ms DESC LIMIT 1 OFFSET ?)`,
          ...[row.model, row.model, KEPT_PER_MODEL - 1],
        )
      })
    },
    forget(model) {
      connection.transaction('crash-safe', () => connection.run('DELETE FROM measurements WHERE model = ?', model))
    },
  }
}
