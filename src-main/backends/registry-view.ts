/** The merged view of all layers, with what a running Ollama has at this moment; rebuilt when one of them changed. */
import type { RegistryEntry } from '../registry/entry.ts'
import { type LayerSource, mergeLayers, type Registry } from '../registry/layers.ts'
import { describeFound } from './discovered-models.ts'
import { describeOllamaModel, groupTags, type OllamaShow } from './discovery/scan-ollama.ts'
import type { OllamaBackend, OllamaModel } from './ollama.ts'
import type { RegistryFiles } from './registry-files.ts'

export interface RegistryView {
  registry(): Promise<Registry>
  /** Entries that the curated and the user's file describe, without what was discovered. */
  described(): Promise<readonly RegistryEntry[]>
}

const SEES: OllamaShow = { capabilities: ['completion', 'vision'] }

function foundNow(models: readonly OllamaModel[]) {
  const tags = models.map(({ tag, digest, sizeBytes, quantization, family }) => ({
    name: tag,
    digest,
    size: sizeBytes,
    details: { quantization_level: quantization, family },
  }))
  return groupTags(tags).flatMap((group) => describeOllamaModel(group, SEES) ?? [])
}

const isDescription = ({ layer }: LayerSource) => layer !== 'discovered'

export function createRegistryView(options: { files: RegistryFiles; ollama: Pick<OllamaBackend, 'visionModels'> }): RegistryView {
  const { files, ollama } = options
  let held: { layers: LayerSource[]; seen: string; registry: Registry } | null = null

  const build = (layers: LayerSource[], vision: readonly OllamaModel[]): Registry => {
    if (vision.length === 0) return mergeLayers(layers)
    const described = mergeLayers(layers.filter(isDescription)).entries
    return mergeLayers(
      layers.map((source) => {
        if (isDescription(source)) return source
        return { ...source, records: describeFound({ found: foundNow(vision), described, previous: source.records, complete: new Set() }) }
      }),
    )
  }

  return {
    async registry() {
      const [layers, vision] = await Promise.all([files.layers(), files.standalone ? [] : ollama.visionModels()])
      const seen = JSON.stringify(vision)
      const same = held?.seen === seen && layers.every(({ records }, i) => records === held?.layers[i]?.records)
      if (!held || !same) held = { layers, seen, registry: build(layers, vision) }
      return held.registry
    },
    async described() {
      return mergeLayers((await files.layers()).filter(isDescription)).entries
    },
  }
}
