import { describe, expect, it } from 'vitest'
import { describeFound } from '../../../src-main/backends/discovered-models.ts'
import type { FoundModel } from '../../../src-main/backends/discovery/found-model.ts'
import { type EntryRecord, entrySchema } from '../../../src-main/registry/entry.ts'

const found = (more: Partial<FoundModel>): FoundModel => ({
  source: 'ollama',
  scope: 'ollama',
  repo: 'llava:7b',
  file: null,
  backend: 'ollama',
  title: more.repo?.replace(/:latest$/, '') ?? 'llava:7b',
  quantization: 'Q4_K_M',
  digest: `digest of ${more.repo ?? 'llava:7b'}`,
  servedModelId: more.repo ?? 'llava:7b',
  aliases: [],
  huggingFaceId: null,
  path: null,
  config: {},
  sizeBytes: 4_000_000_000,
  architecture: null,
  header: {},
  family: 'f',
  sees: true,
  generates: true,
  ...more,
})
const file = (more: Partial<FoundModel> = {}) =>
  found({
    source: 'gguf',
    scope: 'gguf:/m',
    repo: '/m',
    file: 'LLaVA-7B-Q4_K_M.gguf',
    backend: 'llamacpp',
    title: 'LLaVA-7B-Q4_K_M',
    digest: null,
    servedModelId: null,
    path: '/m/LLaVA-7B-Q4_K_M.gguf',
    config: { model_path: '/m/LLaVA-7B-Q4_K_M.gguf' },
    ...more,
  })
const entry = (name: string, more: Record<string, unknown> = {}) => entrySchema.parse({ name, backend: 'ollama', ...more })
const look = (models: FoundModel[], previous: EntryRecord[] = [], described: ReturnType<typeof entry>[] = [], complete = ['ollama', 'gguf:/m']) =>
  describeFound({ found: models, described, previous, complete: new Set(complete) })
const names = (records: EntryRecord[]) => records.map(({ name }) => name)
const metadataOf = (records: EntryRecord[], name: string) =>
  records.find((record) => record.name === name)?.['metadata'] as Record<string, unknown> | undefined

describe('naming', () => {
  it('one rule for all sources: words, then the quantisation in brackets, once', () => {
    const models = [
      found({ repo: 'llava:7b' }),
      found({ repo: 'moondream:latest', quantization: null }),
      found({ repo: 'qwen2.5vl:7b-q8_0', quantization: 'Q8_0' }),
      found({ repo: 'hf.co/owner/Model-GGUF:Q4_K_M', quantization: 'unknown' }),
      file({ title: 'Qwen3-VL-8B-Instruct-FP8', quantization: 'fp8', file: 'x.gguf' }),
      file({ title: 'ggml-model-Q4_K_M', huggingFaceId: 'openbmb/MiniCPM-V-4_5-gguf', file: 'y.gguf' }),
    ]
    expect(names(look(models))).toEqual([
      'hf.co_owner_model_(UNKNOWN)',
      'llava_7b_(Q4_K_M)',
      'minicpm-v-4_5_(Q4_K_M)',
      'moondream',
      'qwen2.5vl_7b_(Q8_0)',
      'qwen3-vl-8b-instruct_(FP8)',
    ])
    for (const record of look(models)) expect(entrySchema.safeParse(record).success, record.name).toBe(true)
  })

  it('hostile titles give proper names, or none but a plain one', () => {
    for (const title of ['../../etc', '--help', '$(x)', ';rm -rf', '…', '', 'a'.repeat(500), 'x..y', '日本']) {
      const [record] = look([file({ title })])
      expect(entrySchema.safeParse(record).success, title).toBe(true)
    }
  })

  it('the same weights on two backends, and two publishers of one name, must not overwrite each other', () => {
    const both = look([found({ repo: 'llava:7b', title: 'llava-7b' }), file()])
    expect(names(both)).toEqual(['llava-7b_(Q4_K_M)', 'llava-7b_(Q4_K_M)@ollama'])
    const publishers = look([file({ repo: 'a/m', huggingFaceId: 'a/m' }), file({ repo: 'b/m', huggingFaceId: 'b/m' }), file({ repo: '/m2' })])
    expect(new Set(names(publishers)).size).toBe(3)
  })
})

describe('looking again', () => {
  const models = [found({ repo: 'llava:7b' }), found({ repo: 'text:1b', sees: false }), file()]
  it('must give identical records, three times in a row and in any order', () => {
    const first = look(models)
    const second = look([...models].reverse(), first)
    expect(second).toEqual(first)
    expect(look(models, second)).toEqual(first)
    expect(first.find(({ name }) => name.startsWith('text'))).toMatchObject({ roles: [], capabilities: { text: true, vision: false } })
  })

  it('a vanished model is marked and kept, and comes back under its name', () => {
    const first = look(models)
    const gone = look([file()], first)
    expect(names(gone)).toEqual(names(first))
    expect(metadataOf(gone, 'llava_7b_(Q4_K_M)')).toMatchObject({ missing: true })
    expect(metadataOf(gone, 'llava-7b_(Q4_K_M)')?.['missing']).toBeUndefined()
    expect(look(models, gone)).toEqual(first)
  })

  it('a place that could not be read says nothing about its models', () => {
    const first = look(models)
    expect(look([file()], first, [], ['gguf:/m'])).toEqual(first)
  })

  it('a tag that was renamed keeps its name, two tags of one manifest are one model', () => {
    const first = look([found({ repo: 'llava:7b', digest: 'd' })])
    const renamed = look([found({ repo: 'mine:latest', digest: 'd' })], first)
    expect(renamed).toMatchObject([{ name: 'llava_7b_(Q4_K_M)', served_model_id: 'mine:latest' }])
  })

  it('what others stored stays as long as the weights are the same, and goes with them', () => {
    const [first] = look([found({ digest: 'd1', architecture: { num_layers: 1 } })])
    const stored = [
      {
        ...first,
        name: first?.name ?? '',
        probes: { vision: { vision_ok: true } },
        mine: 1,
        metadata: { ...(first?.['metadata'] as object), note: 'n' },
      },
    ]
    const same = look([found({ digest: 'd1' })], stored)
    expect(same).toMatchObject([{ probes: { vision: { vision_ok: true } }, mine: 1, metadata: { note: 'n', architecture: { num_layers: 1 } } }])
    const [other] = look([found({ digest: 'd2' })], stored)
    expect(other).toMatchObject({ mine: 1, metadata: { note: 'n', digest: 'd2' } })
    expect(other?.['probes']).toBeUndefined()
    expect(metadataOf([other as EntryRecord], other?.name ?? '')?.['architecture']).toBeUndefined()
  })

  it('a source that could not tell this time must not take sight away', () => {
    const first = look([found({})])
    expect(look([found({ sees: null })], first)).toEqual(first)
  })
})

describe('entries that somebody described', () => {
  const tagged = entry('mine', { served_model_id: 'llava:7b', roles: ['caption'] })
  it('get the facts alone: no roles, no label, no second entry', () => {
    const records = look([found({ architecture: { num_layers: 28 } })], [], [tagged])
    expect(records).toEqual([
      {
        name: 'mine',
        download_size_bytes: 4_000_000_000,
        metadata: {
          digest: 'digest of llava:7b',
          architecture: { num_layers: 28 },
          found: { ollama: { repo: 'llava:7b', file: null, quantization: 'Q4_K_M' } },
        },
      },
    ])
    expect(look([], records, [tagged])).toMatchObject([{ name: 'mine', metadata: { missing: true } }])
  })

  it('described later: the found entry of before gives way', () => {
    const first = look([found({})])
    expect(names(look([found({})], first, [tagged]))).toEqual(['mine'])
  })

  it('weights of another backend or quantisation must not be laid on them', () => {
    const ollamaEntry = entry('o', { source: { huggingface_id: 'Q/M' } })
    const vllmEntry = entry('v', { backend: 'vllm', source: { huggingface_id: 'Q/M' } })
    const gguf = entry('g', { backend: 'llamacpp', quantization: 'q8_0', source: { huggingface_id: 'Q/M' } })
    const cached = found({ source: 'huggingface', scope: 'huggingface:/h', repo: 'Q/M', huggingFaceId: 'Q/M', backend: 'vllm', path: '/h/x' })
    const records = look([cached, file({ huggingFaceId: 'Q/M' })], [], [ollamaEntry, vllmEntry, gguf])
    expect(records.find(({ name }) => name === 'v')).toMatchObject({ download_path: '/h/x' })
    expect(records.find(({ name }) => name === 'o')).toBeUndefined()
    expect(records.find(({ name }) => name === 'g')).toBeUndefined()
    expect(records).toHaveLength(2)
  })

  it('one GGUF entry gets its file and projector; a second copy changes nothing', () => {
    const described = [entry('g', { backend: 'llamacpp', source: { huggingface_id: 'Q/M', file: 'a.gguf' } })]
    const one = file({
      scope: 'lmstudio:/l',
      repo: 'Q/M',
      huggingFaceId: 'Q/M',
      file: 'a.gguf',
      config: { model_path: '/l/a.gguf', mmproj_path: '/l/p.gguf' },
      path: '/l/a.gguf',
    })
    const other = file({ scope: 'zzz:/z', repo: 'Q/M', huggingFaceId: 'Q/M', file: 'a.gguf', config: { model_path: '/z/a.gguf' }, path: '/z/a.gguf' })
    expect(look([other, one], [], described)).toMatchObject([{ name: 'g', backend_config: { model_path: '/l/a.gguf', mmproj_path: '/l/p.gguf' } }])
  })

  it('a server tells what it holds; nothing is marked missing because another model runs there now', () => {
    const base = 'http://127.0.0.1:24001/v1'
    const described = [entry('v', { backend: 'vllm', served_model_id: 'm' })]
    const served = found({
      source: 'server',
      scope: `server:${base}`,
      repo: 'm',
      backend: 'remote',
      config: { base_url: base },
      digest: null,
      architecture: { context_length: 6144 },
    })
    const first = look([served], [], described, [`server:${base}`])
    expect(first).toMatchObject([{ name: 'v', metadata: { architecture: { context_length: 6144 } } }])
    expect(look([], first, described, [`server:${base}`])).toEqual(first)
    const stranger = look([{ ...served, repo: 'org/other', title: 'other', sees: null }], [], described, [`server:${base}`])
    expect(stranger).toMatchObject([{ backend: 'remote', backend_config: { base_url: base }, roles: [], capabilities: { vision: false } }])
    expect(look([], stranger, described, [`server:${base}`])).toMatchObject([{ metadata: { missing: true } }])
  })
})
