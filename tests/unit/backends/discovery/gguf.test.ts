import { copyFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readGgufHeader } from '../../../../src-main/backends/discovery/gguf-header.ts'
import { ownerAndName, scanGgufFolder } from '../../../../src-main/backends/discovery/scan-gguf.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { ggufBytes, languageModel, projector, u64, writeGguf } from './gguf-file.ts'

const scan = (folder: string) => scanGgufFolder({ folder, source: 'gguf', repoOf: () => null })

describe('a folder of GGUF files', () => {
  it('gives the true figures from the head: bytes, weights, layers, quantisation, and sight only with a projector', async () => {
    const folder = tempFolder()
    writeGguf(path.join(folder, 'Some-Model-4B-Q4_K_M.gguf'), languageModel())
    const blind = (await scan(folder)).models
    expect(blind).toMatchObject([{ title: 'Some-Model-4B-Q4_K_M', quantization: 'Q4_K_M', sees: false, backend: 'llamacpp' }])
    writeGguf(path.join(folder, 'mmproj-Some-Model-4B-f16.gguf'), projector(2560))
    const [model] = (await scan(folder)).models
    const sizes = [languageModel(), projector(2560)].map((content) => ggufBytes(content).length)
    expect(model).toMatchObject({
      sees: true,
      sizeBytes: (sizes[0] ?? 0) + (sizes[1] ?? 0),
      config: { model_path: path.join(folder, 'Some-Model-4B-Q4_K_M.gguf'), mmproj_path: path.join(folder, 'mmproj-Some-Model-4B-f16.gguf') },
      architecture: {
        num_layers: 36,
        num_attention_heads: 32,
        num_kv_heads: 8,
        head_dim: 128,
        hidden_size: 2560,
        vocab_size: 3,
        context_length: 262_144,
        // (2560 × 1000 + 2560 × 4096 + 1000 × 1000) weights, in thousands of millions to three places.
        params_billion: 0.014,
        vision: { num_layers: 24, hidden_size: 1024, patch_size: 16, merge: 2, params_million: 1 },
      },
    })
    expect(JSON.stringify(model)).not.toContain('xxxxx')
  })

  it('a projector of another model in the same folder must not make a model see', async () => {
    const folder = tempFolder()
    writeGguf(path.join(folder, 'a-Q4_K_M.gguf'), languageModel())
    writeGguf(path.join(folder, 'mmproj-other.gguf'), projector(4096))
    expect((await scan(folder)).models).toMatchObject([{ sees: false, config: { model_path: path.join(folder, 'a-Q4_K_M.gguf') } }])
  })

  it('a model in parts is one model, and none while a part is missing', async () => {
    const folder = tempFolder()
    const part = (number: number) => path.join(folder, `big-Q8_0-0000${number}-of-00003.gguf`)
    for (const number of [1, 2]) writeGguf(part(number), languageModel())
    const before = await scan(folder)
    expect(before.models).toEqual([])
    expect(before.report.problems.join()).toContain('parts are missing')
    writeGguf(part(3), languageModel())
    expect((await scan(folder)).models).toMatchObject([{ title: 'big-Q8_0', sizeBytes: 3 * ggufBytes(languageModel()).length, path: part(1) }])
  })

  it('encoders and adapters are no models that answer', async () => {
    const folder = tempFolder()
    writeGguf(path.join(folder, 'adapter.gguf'), languageModel({ 'general.type': 'adapter' }))
    writeGguf(path.join(folder, 'embed.gguf'), languageModel({ 'qwen3vl.pooling_type': 1 }))
    expect((await scan(folder)).models).toEqual([])
  })

  it('one figure a layer: the largest counts; local layers are told', async () => {
    const folder = tempFolder()
    const gemma = {
      'general.architecture': 'gemma3',
      'gemma3.block_count': 4,
      'gemma3.attention.head_count': 8,
      'gemma3.attention.head_count_kv': { u32s: [2, 4, 2, 4] },
      'gemma3.attention.sliding_window': 1024,
      'gemma3.attention.sliding_window_pattern': [true, true, true, false],
    }
    writeGguf(path.join(folder, 'g.gguf'), { metadata: gemma })
    expect((await scan(folder)).models[0]?.architecture).toMatchObject({ num_kv_heads: 4, sliding_window: { window: 1024, global_layers: 1 } })
  })

  it('LM Studio: owner and name from the folders', async () => {
    const folder = tempFolder()
    mkdirSync(path.join(folder, 'lmstudio-community', 'Some-GGUF'), { recursive: true })
    writeGguf(path.join(folder, 'lmstudio-community', 'Some-GGUF', 'Some-Q4_K_M.gguf'), languageModel())
    const { models } = await scanGgufFolder({ folder, source: 'lmstudio', repoOf: ownerAndName })
    expect(models).toMatchObject([{ repo: 'lmstudio-community/Some-GGUF', file: 'Some-Q4_K_M.gguf', huggingFaceId: 'lmstudio-community/Some-GGUF' }])
  })

  it('a folder that is not there is told as absent, so that what was there counts as gone', async () => {
    expect((await scan(path.join(tempFolder(), 'none'))).report.state).toBe('absent')
  })
})

describe('hostile folders and files', () => {
  it('a link that leads outside must not be followed, one inside may', async () => {
    const outside = tempFolder()
    writeGguf(path.join(outside, 'secret-Q4_K_M.gguf'), languageModel())
    const folder = tempFolder()
    symlinkSync(path.join(outside, 'secret-Q4_K_M.gguf'), path.join(folder, 'link.gguf'))
    symlinkSync(outside, path.join(folder, 'folder'))
    symlinkSync(folder, path.join(folder, 'loop'))
    mkdirSync(path.join(folder, 'blobs'))
    writeGguf(path.join(folder, 'blobs', 'x.gguf'), languageModel())
    symlinkSync(path.join('blobs', 'x.gguf'), path.join(folder, 'y.gguf'))
    const { models, report } = await scan(folder)
    expect(models).toHaveLength(1)
    expect(report.problems.filter((problem) => problem.includes('outside'))).toHaveLength(3)
  })

  it('claims that no file can hold must be refused at once, without memory or time', async () => {
    const folder = tempFolder()
    const cases: Record<string, Buffer> = {
      'no gguf': Buffer.from('GGML not at all'),
      empty: Buffer.alloc(0),
      'huge pair count': ggufBytes({ metadata: {}, pairs: 2n ** 63n }),
      'many pairs': ggufBytes({ metadata: {}, pairs: 99_999 }),
      'huge tensor count': ggufBytes({ metadata: {}, tensorCount: 2n ** 40n }),
      'huge string': ggufBytes({ metadata: { a: { raw: Buffer.concat([Buffer.from([8, 0, 0, 0]), u64(2n ** 50n)]) } } }),
      'huge array': ggufBytes({ metadata: { a: { raw: Buffer.concat([Buffer.from([9, 0, 0, 0, 8, 0, 0, 0]), u64(2n ** 52n)]) } } }),
      'array of nothing': ggufBytes({ metadata: { a: { raw: Buffer.concat([Buffer.from([9, 0, 0, 0, 4, 0, 0, 0]), u64(2n ** 52n)]) } } }),
      'arrays in arrays': ggufBytes({
        metadata: {
          a: {
            raw: Buffer.concat([Buffer.from([9, 0, 0, 0]), ...Array.from({ length: 50 }, () => Buffer.concat([Buffer.from([9, 0, 0, 0]), u64(1)]))]),
          },
        },
      }),
      'huge tensor': ggufBytes({ metadata: {}, tensors: { a: [2 ** 40, 2 ** 40] } }),
      'unknown type': ggufBytes({ metadata: { a: { raw: Buffer.from([99, 0, 0, 0]) } } }),
      'cut off': ggufBytes(languageModel()).subarray(0, 200),
    }
    for (const [name, bytes] of Object.entries(cases)) {
      const file = path.join(folder, `${name.replaceAll(' ', '-')}.gguf`)
      writeFileSync(file, bytes)
      await expect(readGgufHeader(file), name).rejects.toMatchObject({ code: 'weights-missing' })
    }
    const { models, report } = await scan(folder)
    expect(models).toEqual([])
    expect(report.problems).toHaveLength(Object.keys(cases).length)
  })

  it('a head that never ends in a huge file must stop at the bound', async () => {
    const file = path.join(tempFolder(), 'zeros.gguf')
    writeFileSync(file, ggufBytes({ metadata: { a: { raw: Buffer.concat([Buffer.from([9, 0, 0, 0, 8, 0, 0, 0]), u64(2n ** 40n)]) } } }))
    // Sparse: every string of the list is empty.
    truncateSync(file, 8 * 1024 ** 3)
    await expect(readGgufHeader(file)).rejects.toMatchObject({
      code: 'weights-missing',
      message: expect.stringContaining('longer than any model needs'),
    })
  })

  it('a good file beside bad ones is still found', async () => {
    const folder = tempFolder()
    writeFileSync(path.join(folder, 'bad.gguf'), 'GGUF')
    writeGguf(path.join(folder, 'good-Q4_K_M.gguf'), languageModel())
    copyFileSync(path.join(folder, 'bad.gguf'), path.join(folder, 'worse.gguf'))
    expect((await scan(folder)).models).toHaveLength(1)
  })
})
