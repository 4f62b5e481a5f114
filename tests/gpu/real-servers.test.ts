/**
 * Real model servers, where this machine has them: Ollama with a vision model, llama.cpp's `llama-server` with the GGUF file that
 * IMAGEWORKS_TEST_GGUF names (and IMAGEWORKS_TEST_MMPROJ), vLLM with the model folder that IMAGEWORKS_TEST_VLLM_MODEL names.
 * The studio's own command line serves them through the proxy, so launcher, scheduler and adapters are the shipped ones.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noteSkip } from '../helpers/skips.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const root = path.resolve(import.meta.dirname, '../..')
const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
const {
  IMAGEWORKS_TEST_GGUF: gguf,
  IMAGEWORKS_TEST_MMPROJ: mmproj,
  IMAGEWORKS_TEST_VLLM_MODEL: vllmModel,
  IMAGEWORKS_TEST_OLLAMA_MODEL: tag,
} = process.env

const common = { capabilities: { text: true, vision: true }, roles: ['caption'], role_priority: { caption: 50 }, vram_estimate_mb: 0 }
const servers = [
  {
    server: 'Ollama',
    here: has('ollama') && tag !== undefined,
    needs: 'ollama and IMAGEWORKS_TEST_OLLAMA_MODEL',
    entry: { backend: 'ollama', served_model_id: tag },
  },
  {
    server: 'llama.cpp',
    here: has('llama-server') && gguf !== undefined,
    needs: 'llama-server and IMAGEWORKS_TEST_GGUF',
    entry: { backend: 'llamacpp', backend_config: { model_path: gguf, mmproj_path: mmproj ?? null, max_model_len: 4096 } },
  },
  {
    server: 'vLLM',
    here: has('vllm') && vllmModel !== undefined,
    needs: 'vllm and IMAGEWORKS_TEST_VLLM_MODEL',
    entry: { backend: 'vllm', backend_config: { model_path: vllmModel, max_model_len: 4096 } },
  },
]

for (const { server, here, needs, entry } of servers) {
  if (!here) noteSkip(`a real ${server}`, `${needs} are not here`)
  describe.skipIf(!here)(`a real ${server} behind the proxy`, () => {
    let client: OpenAI
    let stop = () => {}
    beforeAll(async () => {
      const home = tempFolder()
      const registry = path.join(home, 'registry.json')
      writeFileSync(registry, JSON.stringify([{ ...common, ...entry, name: 'real' }]))
      const child = spawn(process.execPath, ['out/main/cli.js', 'proxy', '--port', '0', '--json', '--registry', registry], {
        cwd: root,
        env: { ...process.env, IMAGEWORKS_HOME: path.join(home, 'data') },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      stop = () => void child.kill('SIGTERM')
      const url = await new Promise<string>((resolve) => {
        child.stdout.on('data', (text: Buffer) => {
          const found = /"url":"([^"]+)"/.exec(text.toString())?.[1]
          if (found) resolve(found)
        })
      })
      client = new OpenAI({ baseURL: url, apiKey: 'unused', maxRetries: 0, timeout: 600_000 })
    }, 60_000)
    afterAll(() => stop())

    const picture = `data:image/jpeg;base64,${readFileSync(path.join(root, 'tests/fixtures/photos/coffee.jpg')).toString('base64')}`
    const messages = [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'What is in this picture? Answer in one sentence.' },
          { type: 'image_url' as const, image_url: { url: picture } },
        ],
      },
    ]

    it('describes a photo', async () => {
      const reply = await client.chat.completions.create({ model: 'real', messages, max_tokens: 100, temperature: 0 })
      expect(reply.choices[0]?.message.content).toMatch(/cup|coffee|drink/i)
      expect(reply.choices[0]?.finish_reason).toMatch(/stop|length/)
      expect(reply.usage?.completion_tokens).toBeGreaterThan(0)
    }, 600_000)

    it('streams with an ending and usage', async () => {
      const stream = await client.chat.completions.create({
        model: 'real',
        messages,
        max_tokens: 50,
        stream: true,
        stream_options: { include_usage: true },
      })
      const chunks = []
      for await (const chunk of stream) chunks.push(chunk)
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).not.toBe('')
      expect(chunks.some((chunk) => chunk.choices[0]?.finish_reason)).toBe(true)
      expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0)
    }, 600_000)

    it('keeps to a schema', async () => {
      const schema = {
        type: 'object',
        properties: { keywords: { type: 'array', items: { type: 'string' } } },
        required: ['keywords'],
        additionalProperties: false,
      }
      const reply = await client.chat.completions.create({
        model: 'real',
        messages,
        max_tokens: 200,
        response_format: { type: 'json_schema', json_schema: { name: 'keywords', schema, strict: true } },
      })
      expect(JSON.parse(reply.choices[0]?.message.content ?? '')).toMatchObject({ keywords: expect.any(Array) as unknown })
    }, 600_000)
  })
}
