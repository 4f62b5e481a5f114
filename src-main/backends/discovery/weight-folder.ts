/** A folder of weights as Hugging Face publishes them: `config.json` beside safetensors. */
import { readFile } from 'node:fs/promises'
import type { FoundModel } from './found-model.ts'
import { architectureOf, familyOf, generatesText, headerOf, quantizationOf, seesPictures } from './hf-config.ts'
import type { ModelFile } from './model-folder.ts'
import { readWeightSet } from './safetensors-weights.ts'

const CONFIG_CAP_BYTES = 4 * 1024 * 1024

export const isPartOfWeights = (name: string) => name === 'config.json' || name.endsWith('.safetensors') || name === 'model.safetensors.index.json'

/** @throws an error in words for a head that cannot be read. */
async function readConfig(files: readonly ModelFile[]): Promise<Record<string, unknown> | undefined> {
  const config = files.find(({ relative }) => relative.split('/').at(-1) === 'config.json')
  if (!config || config.sizeBytes > CONFIG_CAP_BYTES) return undefined
  const parsed: unknown = JSON.parse(await readFile(config.realPath, 'utf8'))
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined
}

/**
 * @param files Those that lie in the folder itself.
 * @throws an error in words for a head that cannot be read.
 */
export async function describeWeightFolder(
  files: readonly ModelFile[],
  place: Pick<FoundModel, 'source' | 'scope' | 'repo' | 'title' | 'digest' | 'servedModelId' | 'huggingFaceId'> & { path: string },
  problems: string[],
): Promise<FoundModel[]> {
  const [config, weights] = [await readConfig(files), await readWeightSet(files, problems)]
  if (!config || !weights || !generatesText(config)) return []
  return [
    {
      ...place,
      file: null,
      backend: 'vllm',
      quantization: quantizationOf(config),
      aliases: [],
      config: {},
      sizeBytes: weights.sizeBytes,
      architecture: architectureOf(config, weights.parameters) ?? null,
      header: headerOf(config),
      family: familyOf(config),
      sees: seesPictures(config),
      generates: true,
    },
  ]
}
