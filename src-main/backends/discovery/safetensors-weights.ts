/** Weights of a folder in the safetensors format, from its index and the heads of its files; tensor data is never read. */
import { open, readFile, stat } from 'node:fs/promises'
import { StudioError } from '../../lib/studio-error.ts'
import type { ModelFile } from './model-folder.ts'

const HEADER_CAP_BYTES = 32 * 1024 * 1024
const INDEX_CAP_BYTES = 32 * 1024 * 1024
const SHARDS_CAP = 300

const damaged = (reason: string) => new StudioError('weights-missing', `not a usable safetensors file: ${reason}`, { data: { reason } })
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Weights that one stored number holds: four-bit formats pack several into an integer. */
function packing(name: string, dtype: unknown): number {
  if (dtype === 'I32' && /(qweight|weight_packed)$/.test(name)) return 8
  if (dtype === 'U8' && /(weight|weight_packed|_blocks)$/.test(name)) return 2
  return 1
}

/** Scales and zero points belong to the format, not to the model. */
const isBookkeeping = (name: string) =>
  /(scales?|scale_inv|qzeros|g_idx|absmax|quant_map|quant_state\.[a-z0-9_]+|zero_point|weight_shape|input_scale)$/.test(name)

/** @throws StudioError `weights-missing` for a damaged or hostile file. */
export async function countWeights(file: string): Promise<number> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const prefix = Buffer.alloc(8)
    if ((await handle.read(prefix, 0, 8, 0)).bytesRead < 8) throw damaged('it is cut off')
    const length = prefix.readBigUInt64LE(0)
    if (length > BigInt(Math.min(HEADER_CAP_BYTES, size - 8))) throw damaged('its head is longer than the file or than any model needs')
    const buffer = Buffer.alloc(Number(length))
    await handle.read(buffer, 0, buffer.length, 8)
    let header: unknown
    try {
      header = JSON.parse(buffer.toString('utf8'))
    } catch {
      throw damaged('its head is not JSON')
    }
    if (!isRecord(header)) throw damaged('its head is not an object')
    let weights = 0
    for (const [name, tensor] of Object.entries(header)) {
      if (name === '__metadata__' || isBookkeeping(name) || !isRecord(tensor) || !Array.isArray(tensor['shape'])) continue
      weights += tensor['shape'].map(Number).reduce((product, side) => product * side, 1) * packing(name, tensor['dtype'])
    }
    if (!Number.isSafeInteger(weights) || weights < 0) throw damaged('it claims more weights than a file can hold')
    return weights
  } finally {
    await handle.close()
  }
}

export interface WeightSet {
  files: ModelFile[]
  sizeBytes: number
  /** Null when a head could not be read. */
  parameters: number | null
}

/** The files that the index names, else all safetensors files of the folder: a second set of the same weights is not counted. */
export async function readWeightSet(files: readonly ModelFile[], problems: string[]): Promise<WeightSet | undefined> {
  const index = files.find(({ relative }) => relative === 'model.safetensors.index.json')
  const all = files.filter(({ relative }) => relative.endsWith('.safetensors'))
  const named = index ? await namesInIndex(index, problems) : undefined
  const chosen = named ? all.filter(({ relative }) => named.has(relative)) : all
  if (chosen.length === 0) return undefined
  if (named && chosen.length < named.size) {
    problems.push(`${index?.relative}: ${named.size - chosen.length} of ${named.size} weight files are missing`)
    return undefined
  }
  const sizeBytes = chosen.reduce((total, file) => total + file.sizeBytes, 0)
  try {
    let parameters = 0
    for (const file of chosen.slice(0, SHARDS_CAP)) parameters += await countWeights(file.realPath)
    return { files: chosen, sizeBytes, parameters: chosen.length > SHARDS_CAP ? null : parameters }
  } catch (error) {
    problems.push(`${chosen[0]?.relative}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    return { files: chosen, sizeBytes, parameters: null }
  }
}

async function namesInIndex(index: ModelFile, problems: string[]): Promise<Set<string> | undefined> {
  try {
    if ((await stat(index.realPath)).size > INDEX_CAP_BYTES) throw damaged('its index is too large')
    const parsed: unknown = JSON.parse(await readFile(index.realPath, 'utf8'))
    const map = isRecord(parsed) ? parsed['weight_map'] : undefined
    if (!isRecord(map)) throw damaged('its index names no files')
    return new Set(Object.values(map).map(String))
  } catch (error) {
    problems.push(`${index.relative}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    return undefined
  }
}
