import { describe, expect, it } from 'vitest'
import { scanOllama } from '../../../../src-main/backends/discovery/scan-ollama.ts'
import { scanServers } from '../../../../src-main/backends/discovery/scan-servers.ts'
import { entrySchema } from '../../../../src-main/registry/entry.ts'
import { startRepliesServer } from '../../../fakes/start-replies-server.ts'

const tag = (name: string, digest: string) => ({ name, digest, size: 5_000, details: { quantization_level: 'Q4_K_M', family: 'x' } })
const qwen = {
  capabilities: ['completion', 'vision'],
  details: { family: 'qwen25vl', quantization_level: 'Q4_K_M' },
  model_info: {
    'general.architecture': 'qwen25vl',
    'general.parameter_count': 8_292_166_656,
    'qwen25vl.block_count': 28,
    'qwen25vl.embedding_length': 3584,
    'qwen25vl.attention.head_count': 28,
    'qwen25vl.attention.head_count_kv': 4,
    'qwen25vl.context_length': 128_000,
    'qwen25vl.vision.block_count': 32,
    'qwen25vl.vision.embedding_length': 1280,
    'qwen25vl.vision.patch_size': 14,
    'tokenizer.ggml.tokens': null,
  },
}

describe('a running Ollama', () => {
  it('two tags of one manifest are one model; figures come from its own metadata', async () => {
    const server = await startRepliesServer({
      '/api/tags': { models: [tag('qwen2.5vl:latest', 'd1'), tag('qwen2.5vl:7b', 'd1'), tag('embed:1b', 'd2')] },
      '/api/show': { 'qwen2.5vl:7b': qwen, 'embed:1b': { capabilities: ['embedding'] } },
    })
    const { models, report } = await scanOllama(server.origin)
    expect(report).toMatchObject({ state: 'read', models: 2, problems: [] })
    expect(models).toMatchObject([
      { repo: 'embed:1b', generates: false, sees: false },
      {
        repo: 'qwen2.5vl:7b',
        aliases: ['qwen2.5vl:latest'],
        digest: 'd1',
        sizeBytes: 5000,
        sees: true,
        architecture: {
          num_layers: 28,
          num_kv_heads: 4,
          head_dim: 128,
          params_billion: 8.292,
          context_length: 128_000,
          vision: { num_layers: 32, hidden_size: 1280, patch_size: 14 },
        },
      },
    ])
  })

  it('older versions: sight from the projector; a model that cannot be shown is told as unknown, not as blind', async () => {
    const server = await startRepliesServer({
      '/api/tags': { models: [tag('llava:7b', 'a'), tag('odd:1b', 'b')] },
      '/api/show': {
        'llava:7b': { projector_info: { 'general.architecture': 'clip', 'clip.vision.block_count': 23, 'clip.vision.embedding_length': 1024 } },
      },
    })
    const { models, report } = await scanOllama(server.origin)
    expect(models).toMatchObject([{ sees: true, architecture: { vision: { num_layers: 23 } } }, { sees: null }])
    expect(report.problems).toHaveLength(1)
  })

  it('that is silent, not there, or another program must give no models and say so, within its bound', async () => {
    const other = await startRepliesServer({ '/api/tags': { models: 'none' } })
    expect(await scanOllama(other.origin)).toMatchObject({ models: [], report: { state: 'failed' } })
    await other.kill()
    expect(await scanOllama(other.origin)).toMatchObject({ report: { state: 'failed' } })
    const silent = await startRepliesServer({}, '--stall', '/api/tags')
    const start = performance.now()
    expect(await scanOllama(silent.origin, 200)).toMatchObject({ report: { state: 'failed', problems: [expect.stringContaining('200 ms')] } })
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('servers that entries name', () => {
  const entry = (name: string, baseUrl: string, more: Record<string, unknown> = {}) =>
    entrySchema.parse({ name, backend: 'remote', backend_config: { base_url: baseUrl, api_key_env: 'K' }, served_model_id: 'known', ...more })

  it('are asked once each, with their key, and tell what they hold', async () => {
    const server = await startRepliesServer({
      '/v1/models': {
        data: [
          { id: 'known', max_model_len: 6144 },
          { id: 'org/other', meta: { n_params: 4_440_000_000, size: 3_000, n_ctx_train: 4096 } },
        ],
      },
    })
    const found = await scanServers([entry('a', server.origin), entry('b', `${server.origin}/v1`)], async () => 'secret')
    expect(found).toHaveLength(1)
    expect(found[0]?.models).toMatchObject([
      { repo: 'known', architecture: { context_length: 6144 }, sees: null },
      { repo: 'org/other', architecture: { params_billion: 4.44, context_length: 4096 }, sizeBytes: 3000, config: { api_key_env: 'K' } },
    ])
    expect(await server.seen()).toEqual([{ path: '/v1/models', key: 'Bearer secret' }])
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  it('outside this machine without consent must not be asked', async () => {
    const asked: string[] = []
    const found = await scanServers([entry('a', 'http://192.0.2.1:1/v1')], async ({ name }) => {
      asked.push(name)
      return undefined
    })
    expect([found, asked]).toEqual([[], []])
  })
})
