/** Registry entries for what a running Ollama has and nobody described: rebuilt from the daemon's state each time, never saved. Pure. */
import type { EntryRecord } from '../registry/entry.ts'
import { MODEL_NAME_PATTERN } from '../registry/entry.ts'
import type { OllamaModel } from './ollama.ts'

/** Below every curated model, above the embedded one. */
const DISCOVERED_PRIORITY = 40
const ROLES = ['caption', 'keywords', 'description'] as const
/** Memory beside the weights for context, picture and buffers: a tenth and 600 MB, as seen on 7B models with a short context. */
const estimateMb = (sizeBytes: number) => Math.round((sizeBytes / (1024 * 1024)) * 1.1 + 600)

function nameOf(model: OllamaModel): string | undefined {
  const base = model.tag.replace(/:latest$/, '').toLowerCase()
  const stem = base.replace(/[^a-z0-9._-]+/g, '_').replace(/^[^a-z0-9]+/, '')
  const quantization = model.quantization?.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
  const name = quantization && !stem.toUpperCase().replaceAll('-', '_').includes(quantization) ? `${stem}_(${quantization})` : stem
  return MODEL_NAME_PATTERN.test(name) ? name : undefined
}

/** `taken`: names of the entries that are described elsewhere; `knownTags`: the Ollama tags that they serve. */
export function describeOllamaModels(models: readonly OllamaModel[], taken: ReadonlySet<string>, knownTags: ReadonlySet<string>): EntryRecord[] {
  const used = new Set(taken)
  const tags = new Set([...knownTags].map((tag) => tag.replace(/:latest$/, '')))
  return models.flatMap((model) => {
    const name = nameOf(model)
    if (tags.has(model.tag.replace(/:latest$/, '')) || name === undefined || used.has(name)) return []
    used.add(name)
    return [
      {
        name,
        display_name: model.tag,
        backend: 'ollama',
        served_model_id: model.tag,
        capabilities: { text: true, vision: true },
        roles: [...ROLES],
        role_priority: Object.fromEntries(ROLES.map((role) => [role, DISCOVERED_PRIORITY])),
        quantization: model.quantization,
        vram_estimate_mb: estimateMb(model.sizeBytes),
        family: model.family,
        source_provider: 'ollama',
        metadata: { vram_estimate_source: 'size of the weights' },
      },
    ]
  })
}
