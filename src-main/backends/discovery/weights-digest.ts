/** What all weight files of a model hash to. Large files are read in pieces; what is known is remembered by size and times. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { StudioError } from '../../lib/studio-error.ts'
import { isInside, listModelFiles, type ModelFile } from './model-folder.ts'

const WEIGHT_FILE = /\.(safetensors|bin|gguf|onnx|onnx_data|data|pt|pth|ckpt|h5|msgpack|npz|tflite)$/i
const PART = /-\d{5}-of-(\d{5})\.gguf$/i
const PIECE_BYTES = 1024 * 1024
const REMEMBERED_FILES = 2_000

const cacheFile = z.object({
  files: z.record(z.string(), z.object({ size: z.number(), mtimeMs: z.number(), ctimeMs: z.number(), ino: z.number(), sha256: z.string() })),
})
type Remembered = z.infer<typeof cacheFile>['files'][string]

export interface WeightsDigest {
  /** SHA-256, hex, over the sorted lines `<sha256>  <relative path>`. */
  digest: string
  files: number
  sizeBytes: number
}

export interface WeightsLocation {
  /** A folder, or one GGUF file (of several, the first). */
  path: string
  /** Files beside that folder or file that belong to the model: the projector. */
  extra: readonly string[]
}

const missing = (at: string, reason: string) =>
  new StudioError('weights-missing', `the weights at ${at} cannot be used: ${reason}`, { data: { path: at, reason } })

/** In the Hugging Face cache links lead to the `blobs` of the same repository. */
function fenceOf(folder: string): string {
  const snapshots = path.dirname(folder)
  const repository = path.dirname(snapshots)
  return path.basename(snapshots) === 'snapshots' && path.basename(repository).startsWith('models--') ? repository : folder
}

async function singleFile(file: string): Promise<ModelFile> {
  const realPath = await realpath(file)
  const { size } = await stat(realPath)
  const fence = await realpath(fenceOf(path.dirname(file)))
  if (!isInside(fence, realPath)) throw missing(file, 'it is a link that leads outside its folder')
  return { path: file, realPath, relative: path.basename(file), sizeBytes: size }
}

/** @throws StudioError `weights-missing`. */
async function listWeights({ path: at, extra }: WeightsLocation): Promise<ModelFile[]> {
  try {
    const found = await stat(at)
    if (found.isDirectory()) {
      const { files, problems } = await listModelFiles(at, (name) => WEIGHT_FILE.test(name), fenceOf(at))
      if (problems.length > 0) throw missing(at, problems[0] ?? '')
      if (files.length === 0) throw missing(at, 'there are no weight files')
      return files
    }
    const count = PART.exec(at)?.[1]
    const parts =
      count === undefined ? [at] : Array.from({ length: Number(count) }, (_, i) => at.replace(/\d{5}(?=-of-)/, String(i + 1).padStart(5, '0')))
    return await Promise.all([...parts, ...extra].map(singleFile))
  } catch (error) {
    if (error instanceof StudioError) throw error
    throw missing(at, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'they are not there' : 'they cannot be read')
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) hash.update(piece as Buffer)
  return hash.digest('hex')
}

function combine(weights: readonly ModelFile[], lines: readonly string[]): WeightsDigest {
  const digest = createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('hex')
  return { digest, files: weights.length, sizeBytes: weights.reduce((total, { sizeBytes }) => total + sizeBytes, 0) }
}

export interface WeightsDigests {
  /**
   * @param rehash Reads every byte whatever is remembered.
   * @throws StudioError `weights-missing`.
   */
  digestOf(location: WeightsLocation, rehash: boolean): Promise<WeightsDigest>
  /** What is remembered, without reading weights; null unless every file is as it was when it was hashed. @throws StudioError `weights-missing`. */
  findKnown(location: WeightsLocation): Promise<WeightsDigest | null>
}

/** @param memory File for what is known, by absolute path; it may be deleted at any time. */
export function createWeightsDigests(memory: string): WeightsDigests {
  let known: Promise<Map<string, Remembered>> | null = null
  const load = async () => {
    const text = await readFile(memory, 'utf8').catch(() => '{}')
    let json: unknown = null
    try {
      json = JSON.parse(text)
    } catch {
      // Rebuilt by hashing again.
    }
    const parsed = cacheFile.safeParse(json)
    return new Map(parsed.success ? Object.entries(parsed.data.files) : [])
  }
  const save = async (files: Map<string, Remembered>) => {
    const newest = [...files].slice(-REMEMBERED_FILES)
    await writeFileAtomic(memory, `${JSON.stringify({ files: Object.fromEntries(newest) })}\n`, { mode: 0o600 }).catch(() => undefined)
  }

  const look = async (file: string, files: Map<string, Remembered>) => {
    const { size, mtimeMs, ctimeMs, ino } = await stat(file)
    const held = files.get(file)
    const same = held && held.size === size && held.mtimeMs === mtimeMs && held.ctimeMs === ctimeMs && held.ino === ino
    return { size, mtimeMs, ctimeMs, ino, known: same ? held.sha256 : null }
  }
  const digestFile = async (file: string, rehash: boolean, files: Map<string, Remembered>): Promise<string> => {
    const { known: remembered, ...stamp } = await look(file, files)
    if (remembered !== null && !rehash) return remembered
    const sha256 = await hashFile(file)
    files.delete(file)
    files.set(file, { ...stamp, sha256 })
    await save(files)
    return sha256
  }

  return {
    async digestOf(location, rehash) {
      known ??= load()
      const [weights, files] = await Promise.all([listWeights(location), known])
      const lines: string[] = []
      for (const { realPath, relative } of weights) lines.push(`${await digestFile(realPath, rehash, files)}  ${relative}`)
      return combine(weights, lines)
    },
    async findKnown(location) {
      known ??= load()
      const [weights, files] = await Promise.all([listWeights(location), known])
      const lines: string[] = []
      for (const { realPath, relative } of weights) {
        const sha256 = (await look(realPath, files)).known
        if (sha256 === null) return null
        lines.push(`${sha256}  ${relative}`)
      }
      return combine(weights, lines)
    },
  }
}
