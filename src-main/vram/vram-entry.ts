/** An entry as it lies in the registry files, with whatever is absent made explicit. Pure. Wrong types count as absent. */
import type { VramEntry } from './ports.ts'

type Fields = Readonly<Record<string, unknown>>

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const count = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null)
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {})

export function vramEntryOf(record: Fields): VramEntry {
  const config = fields(record['backend_config'])
  const args = config['extra_args']
  return {
    name: text(record['name']) ?? '',
    backend: text(record['backend']) ?? 'unassigned',
    quantization: text(record['quantization']),
    family: text(record['family']),
    served_model_id: text(record['served_model_id']),
    source: fields(record['source']),
    capabilities: Object.fromEntries(Object.entries(fields(record['capabilities'])).map(([key, value]) => [key, value === true])),
    backend_config: {
      extra_args: Array.isArray(args) ? args.filter((arg) => typeof arg === 'string') : [],
      max_model_len: count(config['max_model_len']),
    },
    generation_defaults: { context_window: count(fields(record['generation_defaults'])['context_window']) },
    image_policy: { long_edge: count(fields(record['image_policy'])['long_edge']) },
    metadata: fields(record['metadata']),
    download_size_bytes: count(record['download_size_bytes']),
    vram_estimate_mb: count(record['vram_estimate_mb']),
  }
}
