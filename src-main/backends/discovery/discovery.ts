/** One look at all places that may hold models. Nothing is started, changed or fetched. */
import type { RegistryEntry } from '../../registry/entry.ts'
import type { FoundModel, ScopeReport } from './found-model.ts'
import type { ModelPlaces } from './places.ts'
import { ownerAndName, scanGgufFolder } from './scan-gguf.ts'
import { scanHuggingFaceCache } from './scan-hugging-face.ts'
import { scanModelFolder } from './scan-model-folder.ts'
import { scanOllama } from './scan-ollama.ts'
import { type KeyFor, scanServers } from './scan-servers.ts'

export interface Look {
  models: FoundModel[]
  reports: ScopeReport[]
}

export interface Discovery {
  /**
   * Never rejects; what could not be read is told in the reports.
   * @param entries Described entries: their servers are asked.
   */
  look(entries: readonly RegistryEntry[], only?: 'ollama'): Promise<Look>
}

export interface DiscoveryOptions {
  /** Origin of Ollama. */
  ollamaBaseUrl: string
  /** Asked each time: the user may have added a folder. */
  places: () => ModelPlaces
  /** The key of an entry's server; undefined when it needs none or none is there. */
  keyFor: KeyFor
}

export function createDiscovery({ ollamaBaseUrl, places, keyFor }: DiscoveryOptions): Discovery {
  return {
    async look(entries, only) {
      if (only === 'ollama') {
        const { models, report } = await scanOllama(ollamaBaseUrl)
        return { models, reports: [report] }
      }
      const { huggingFace, lmStudio, gguf, folders: named } = places()
      const [ollama, servers, ...folders] = await Promise.all([
        scanOllama(ollamaBaseUrl),
        scanServers(entries, keyFor),
        ...huggingFace.map(scanHuggingFaceCache),
        ...lmStudio.map((folder) => scanGgufFolder({ folder, source: 'lmstudio', repoOf: ownerAndName })),
        ...gguf.map((folder) => scanGgufFolder({ folder, source: 'gguf', repoOf: () => null })),
        ...named.map(scanModelFolder),
      ])
      const all = [ollama, ...servers, ...folders]
      return { models: all.flatMap(({ models }) => models), reports: all.map(({ report }) => report) }
    },
  }
}
