/** The lock on a model's weights: what they hash to now against what they hashed to when they were locked. */
import { StudioError } from '../../lib/studio-error.ts'
import { backendOf, type RegistryEntry, servedIdsOf } from '../../registry/entry.ts'
import { parseBaseUrl, requireConsent } from '../loopback.ts'
import { sameTag } from '../same-tag.ts'
import { listOllamaTags } from './scan-ollama.ts'
import type { WeightsDigest, WeightsDigests, WeightsLocation } from './weights-digest.ts'

export interface VersionLock {
  /**
   * @param rehash Reads every byte of the weights; else what is remembered by size and times is believed.
   * @throws StudioError `weights-missing`, `backend-unreachable`.
   */
  digestOf(entry: RegistryEntry, rehash: boolean): Promise<WeightsDigest>
  /**
   * Cheap unless a weight file changed. Entries without a lock pass.
   * @throws StudioError `model-locked` with data {name, expected, actual, remedy}, `weights-missing`.
   */
  checkBeforeLoad(entry: RegistryEntry): Promise<void>
  /** Whether a lock does not hold, as far as that is known without reading weights. Never rejects. */
  isKnownToDiffer(entry: RegistryEntry): Promise<boolean>
}

function lockedError(entry: RegistryEntry, reason: string, data: Record<string, unknown>): StudioError {
  const remedy = `If the change is yours: imageworks models lock "${entry.name}". Else fetch the model again.`
  return new StudioError('model-locked', `${entry.name} is locked and is not loaded: ${reason}`, {
    data: { name: entry.name, reason, remedy, ...data },
  })
}

export function createVersionLock(options: { weights: WeightsDigests; ollamaBaseUrl: string }): VersionLock {
  const { weights, ollamaBaseUrl } = options

  const ollamaDigest = async (entry: RegistryEntry): Promise<WeightsDigest> => {
    const own = entry.backend_config.base_url
    const url = own ? parseBaseUrl(own) : new URL(ollamaBaseUrl)
    requireConsent(entry, url)
    const tag = (await listOllamaTags(url.origin)).find(({ name }) => servedIdsOf(entry).some((id) => sameTag(id, name)))
    if (tag?.digest) return { digest: tag.digest, files: 1, sizeBytes: tag.size }
    throw new StudioError('weights-missing', `Ollama does not have ${entry.served_model_id ?? entry.name}`, { data: { name: entry.name } })
  }

  const locationOf = (entry: RegistryEntry): WeightsLocation => {
    const { model_path: modelPath, mmproj_path: projector } = entry.backend_config
    const at = modelPath ?? entry.download_path
    if (!at || backendOf(entry) === 'remote') {
      const reason = 'its weights are not known to be on this machine'
      throw new StudioError('weights-missing', `${entry.name} has nothing to lock: ${reason}`, { data: { name: entry.name, reason } })
    }
    return { path: at, extra: projector ? [projector] : [] }
  }
  const isOllama = (entry: RegistryEntry) => backendOf(entry) === 'ollama'

  const digestOf: VersionLock['digestOf'] = async (entry, rehash) =>
    isOllama(entry) ? ollamaDigest(entry) : weights.digestOf(locationOf(entry), rehash)

  return {
    digestOf,
    async checkBeforeLoad(entry) {
      const { locked, digest: expected } = entry.version_lock
      if (locked !== true) return
      if (!expected) throw lockedError(entry, 'no digest was stored with the lock', { expected: null })
      const { digest: actual } = await digestOf(entry, false)
      if (actual !== expected) throw lockedError(entry, 'its weights are not the ones that were locked', { expected, actual })
    },
    async isKnownToDiffer(entry) {
      const { locked, digest: expected } = entry.version_lock
      if (locked !== true || !expected) return false
      try {
        const actual = isOllama(entry) ? await ollamaDigest(entry) : await weights.findKnown(locationOf(entry))
        return actual !== null && actual.digest !== expected
      } catch {
        // Weights that are gone or a server that is down have their own words.
        return false
      }
    },
  }
}
