/** The merged view of all layers, with what a running Ollama has at this moment; rebuilt when one of them changed. */
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../contract/model.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import { type GoodRecords, type LayerSource, mergeKeeping, type Registry } from '../registry/layers.ts'
import { describeFound } from './discovered-models.ts'
import { describeOllamaModel, groupTags, type OllamaShow } from './discovery/scan-ollama.ts'
import type { OllamaBackend, OllamaModel } from './ollama.ts'
import type { RegistryFiles } from './registry-files.ts'

export interface RegistryView {
  /**
   * Its problems are those of the files and of the entries in them.
   * @throws StudioError `registry-invalid` as `RegistryFiles.layers`.
   */
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
  let held: { layers: LayerSource[]; seen: string; problems: Problem[]; registry: Registry } | null = null
  let good: GoodRecords = new Map()

  const describedIn = (layers: LayerSource[]) => mergeKeeping(layers.filter(isDescription), good).registry.entries
  const merge = (layers: LayerSource[]): Registry => {
    const merged = mergeKeeping(layers, good)
    good = merged.good
    return merged.registry
  }
  const build = (layers: LayerSource[], vision: readonly OllamaModel[]): Registry => {
    if (vision.length === 0) return merge(layers)
    const described = describedIn(layers)
    return merge(
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
      const problems = files.problems()
      const sameLayers = layers.every(({ records }, i) => records === held?.layers[i]?.records)
      if (!held || held.seen !== seen || !sameLayers || !isDeepStrictEqual(held.problems, problems)) {
        const merged = build(layers, vision)
        held = { layers, seen, problems, registry: { ...merged, problems: [...problems, ...merged.problems] } }
      }
      return held.registry
    },
    async described() {
      return describedIn(await files.layers())
    },
  }
}
