/** Where other programs keep models, by their own variables and habits. Pure. */
import path from 'node:path'
import type { Environment } from '../ports.ts'

export interface ModelPlaces {
  huggingFace: string[]
  lmStudio: string[]
  /** Folders of GGUF files. */
  gguf: string[]
  /** Named by a person: GGUF files, folders of safetensors. */
  folders: string[]
}

export function modelPlacesOf(environment: Environment, homeFolder: string, folders: readonly string[] = []): ModelPlaces {
  const cache = environment['XDG_CACHE_HOME'] || path.join(homeFolder, '.cache')
  const hub = environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE']
  const huggingFace = hub || path.join(environment['HF_HOME'] || path.join(cache, 'huggingface'), 'hub')
  return {
    huggingFace: [huggingFace].filter(path.isAbsolute),
    lmStudio: [path.join(homeFolder, '.lmstudio', 'models'), path.join(homeFolder, '.cache', 'lm-studio', 'models')],
    gguf: [environment['LLAMA_CACHE'] || path.join(cache, 'llama.cpp')].filter(path.isAbsolute),
    folders: [...new Set(folders.map((folder) => path.normalize(folder)))],
  }
}
