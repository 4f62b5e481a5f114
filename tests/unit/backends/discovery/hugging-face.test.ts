import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { countWeights } from '../../../../src-main/backends/discovery/safetensors-weights.ts'
import { scanHuggingFaceCache } from '../../../../src-main/backends/discovery/scan-hugging-face.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { languageModel, projector, ggufBytes } from './gguf-file.ts'

const COMMIT = 'a'.repeat(40)
const CONFIG = {
  architectures: ['Qwen3VLForConditionalGeneration'],
  model_type: 'qwen3_vl',
  dtype: 'bfloat16',
  quantization_config: { quant_method: 'fp8' },
  text_config: {
    num_hidden_layers: 36,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    hidden_size: 4096,
    vocab_size: 151_936,
    max_position_embeddings: 262_144,
  },
  vision_config: { depth: 27, hidden_size: 1152, patch_size: 16, spatial_merge_size: 2, intermediate_size: 4304 },
}

function safetensors(tensors: Record<string, { dtype: string; shape: number[] }>, dataBytes = 100): Buffer {
  const head = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...tensors }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(head.length))
  return Buffer.concat([length, head, Buffer.alloc(dataBytes)])
}

/** As the Hugging Face libraries lay it out: blobs, and links to them. */
function addRepository(cache: string, repo: string, files: Record<string, Buffer | string>, commit = COMMIT): string {
  const folder = path.join(cache, `models--${repo.replace('/', '--')}`)
  const snapshot = path.join(folder, 'snapshots', commit)
  for (const part of ['blobs', 'refs']) mkdirSync(path.join(folder, part), { recursive: true })
  mkdirSync(snapshot, { recursive: true })
  writeFileSync(path.join(folder, 'refs', 'main'), commit)
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(folder, 'blobs', `blob-${name}`), content)
    symlinkSync(path.join('..', '..', 'blobs', `blob-${name}`), path.join(snapshot, name))
  }
  return folder
}

const shard = (bytes: number) =>
  safetensors({ [`w${bytes}`]: { dtype: 'F8_E4M3', shape: [1000, 1000] }, [`w${bytes}_scale_inv`]: { dtype: 'F32', shape: [10, 10] } }, bytes)
const sharded = (): Record<string, Buffer | string> => ({
  'config.json': JSON.stringify(CONFIG),
  'model.safetensors.index.json': JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } }),
  'model-1.safetensors': shard(500),
  'model-2.safetensors': shard(700),
  'consolidated.safetensors': shard(9000),
})

describe('the Hugging Face cache', () => {
  it('gives bytes of the one weight set, weights, architecture, quantisation and sight, through the links into its blobs', async () => {
    const cache = tempFolder()
    const folder = addRepository(cache, 'Qwen/Qwen3-VL-8B-Instruct-FP8', sharded())
    const { models, report } = await scanHuggingFaceCache(cache)
    expect(report).toMatchObject({ state: 'read', problems: [] })
    expect(models).toMatchObject([
      {
        repo: 'Qwen/Qwen3-VL-8B-Instruct-FP8',
        quantization: 'fp8',
        sees: true,
        generates: true,
        digest: COMMIT,
        path: path.join(folder, 'snapshots', COMMIT),
        sizeBytes: shard(500).length + shard(700).length,
        architecture: {
          num_layers: 36,
          num_kv_heads: 8,
          head_dim: 128,
          params_billion: 0.002,
          context_length: 262_144,
          vision: { num_layers: 27, hidden_size: 1152, patch_size: 16, merge: 2, intermediate_size: 4304 },
        },
      },
    ])
  })

  it('an unfinished download is no model, and said', async () => {
    const cache = tempFolder()
    const files = sharded()
    delete files['model-2.safetensors']
    addRepository(cache, 'a/b', files)
    const { models, report } = await scanHuggingFaceCache(cache)
    expect(models).toEqual([])
    expect(report.problems.join()).toContain('1 of 2 weight files are missing')
  })

  it('sight comes from the config, never from a name; what does not answer in words is no model', async () => {
    const cache = tempFolder()
    const weights = { 'model.safetensors': shard(10) }
    addRepository(cache, 'a/super-vision-vl', {
      ...weights,
      'config.json': JSON.stringify({ architectures: ['LlamaForCausalLM'], model_type: 'llama', torch_dtype: 'float16' }),
    })
    addRepository(cache, 'a/plain-name', {
      ...weights,
      'config.json': JSON.stringify({ architectures: ['Gemma3ForConditionalGeneration'], vision_config: {} }),
    })
    addRepository(cache, 'google/siglip', { ...weights, 'config.json': JSON.stringify({ architectures: ['SiglipModel'], vision_config: {} }) })
    const { models } = await scanHuggingFaceCache(cache)
    expect(models.map(({ repo, sees, quantization }) => [repo, sees, quantization])).toEqual([
      ['a/plain-name', true, null],
      ['a/super-vision-vl', false, 'fp16'],
    ])
  })

  it('GGUF files of a repository with their projector, though two snapshots share the blobs', async () => {
    const cache = tempFolder()
    const files = { 'm-Q4_K_M.gguf': ggufBytes(languageModel()), 'mmproj-m-f16.gguf': ggufBytes(projector(2560)) }
    addRepository(cache, 'ggml-org/m-GGUF', files, '0'.repeat(40))
    const folder = path.join(cache, 'models--ggml-org--m-GGUF')
    const second = path.join(folder, 'snapshots', COMMIT)
    mkdirSync(second)
    for (const name of Object.keys(files)) symlinkSync(path.join('..', '..', 'blobs', `blob-${name}`), path.join(second, name))
    writeFileSync(path.join(folder, 'refs', 'main'), COMMIT)
    expect((await scanHuggingFaceCache(cache)).models).toMatchObject([
      { repo: 'ggml-org/m-GGUF', file: 'm-Q4_K_M.gguf', sees: true, path: path.join(second, 'm-Q4_K_M.gguf') },
    ])
  })

  it('a link out of the repository must not be followed', async () => {
    const cache = tempFolder()
    const folder = addRepository(cache, 'a/b', { 'config.json': JSON.stringify(CONFIG) })
    const outside = path.join(tempFolder(), 'model.safetensors')
    writeFileSync(outside, shard(10))
    symlinkSync(outside, path.join(folder, 'snapshots', COMMIT, 'model.safetensors'))
    const { models, report } = await scanHuggingFaceCache(cache)
    expect(models).toEqual([])
    expect(report.problems.join()).toContain('outside')
  })

  it('hostile heads and configs leave the others alone', async () => {
    const cache = tempFolder()
    const long = Buffer.alloc(16)
    long.writeBigUInt64LE(2n ** 62n)
    addRepository(cache, 'a/long', { 'config.json': JSON.stringify(CONFIG), 'model.safetensors': long })
    addRepository(cache, 'a/notjson', { 'config.json': '{half', 'model.safetensors': shard(10) })
    addRepository(cache, 'a/deep', {
      'config.json': JSON.stringify({ ...CONFIG, deep: JSON.parse('['.repeat(1000) + ']'.repeat(1000)) }),
      'model.safetensors': shard(10),
    })
    addRepository(cache, 'a/good', sharded())
    rmSync(path.join(cache, 'models--a--good', 'refs'), { recursive: true })
    mkdirSync(path.join(cache, 'models--..--evil', 'snapshots', COMMIT), { recursive: true })
    const { models } = await scanHuggingFaceCache(cache)
    expect(models.map(({ repo, architecture }) => [repo, architecture?.params_billion])).toEqual([
      ['a/deep', 0.001],
      ['a/good', 0.002],
      ['a/long', undefined],
    ])
    expect(models.find(({ repo }) => repo === 'a/deep')?.header).toEqual({ model_type: 'qwen3_vl' })
  })
})

describe('counting weights', () => {
  const count = async (tensors: Record<string, { dtype: string; shape: number[] }>) => {
    const file = path.join(tempFolder(), 'm.safetensors')
    writeFileSync(file, safetensors(tensors))
    return countWeights(file)
  }
  it('four-bit weights are counted as what they stand for, scales not at all', async () => {
    expect(
      await count({
        'x.qweight': { dtype: 'I32', shape: [100, 10] },
        'x.scales': { dtype: 'F16', shape: [100, 1] },
        'x.qzeros': { dtype: 'I32', shape: [1, 10] },
      }),
    ).toBe(8000)
    expect(await count({ 'x.weight': { dtype: 'BF16', shape: [3, 4, 5] }, 'x.bias': { dtype: 'BF16', shape: [7] } })).toBe(67)
  })
  it('shapes that no file can hold are refused', async () => {
    await expect(count({ x: { dtype: 'F16', shape: [2 ** 40, 2 ** 40] } })).rejects.toMatchObject({ code: 'weights-missing' })
    await expect(count({ x: { dtype: 'F16', shape: [-5] } })).rejects.toMatchObject({ code: 'weights-missing' })
  })
})
