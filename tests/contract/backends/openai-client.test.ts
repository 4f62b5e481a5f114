/** OpenAI's own client, through the proxy, in front of backends that do not speak its protocol themselves. */
import { APIError } from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startOllamaServer } from '../../fakes/start-ollama-server.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { ask, startProxy } from '../proxy/studio-proxy.ts'

const inOllama = (origin: string, more: Record<string, unknown> = {}) => ({
  name: 'qwen25',
  backend: 'ollama',
  backend_config: { base_url: origin },
  served_model_id: 'qwen2.5vl:7b',
  capabilities: { vision: true },
  roles: ['caption'],
  role_priority: { caption: 80 },
  ...more,
})

describe('Ollama behind the proxy', () => {
  it('a chat, with the defaults of the entry where the caller said nothing', async () => {
    const server = await startOllamaServer()
    const entry = inOllama(server.origin, { generation_defaults: { temperature: 0.55, max_tokens: 2000 } })
    const { client, logged } = await startProxy({ entries: [entry] })
    const answer = await client.chat.completions.create(ask('qwen25', { max_completion_tokens: 50 }))
    expect(answer.choices[0]).toMatchObject({ message: { content: 'A harbour at dusk.' }, finish_reason: 'stop' })
    expect((await server.bodies('/api/chat'))[0]!['options']).toEqual({ temperature: 0.55, num_predict: 50 })
    expect((await logged())[0]).toMatchObject({ backend: 'ollama', tokens_in: 26, tokens_out: 5, finish_reason: 'stop', status: 200 })
  })

  it('a stream with a picture, read by the client’s own helper', async () => {
    const server = await startOllamaServer('--tools')
    const { client } = await startProxy({ entries: [inOllama(server.origin)] })
    const final = await client.chat.completions.stream(ask('qwen25', { stream_options: { include_usage: true } })).finalChatCompletion()
    expect(final.choices[0]!.finish_reason).toBe('tool_calls')
    expect(final.choices[0]!.message.tool_calls).toMatchObject([
      { id: 'call_tag', type: 'function', function: { name: 'tag' } },
      { id: 'call_rate', type: 'function', function: { name: 'rate' } },
    ])
    expect(final.usage).toMatchObject({ completion_tokens: 5 })
  })

  it('structured output', async () => {
    const server = await startOllamaServer('--reply', '{"caption":"A harbour."}')
    const { client } = await startProxy({ entries: [inOllama(server.origin)] })
    const format = zodResponseFormat(z.object({ caption: z.string() }), 'caption')
    const parsed = await client.chat.completions.parse(
      ask('qwen25', { response_format: format }) as Parameters<typeof client.chat.completions.parse>[0],
    )
    expect(parsed.choices[0]!.message.parsed).toEqual({ caption: 'A harbour.' })
    expect((await server.bodies('/api/chat'))[0]!['format']).toMatchObject({ properties: { caption: { type: 'string' } } })
  })

  const failures: [string, string[], object, number, string][] = [
    ['two answers', [], { n: 2 }, 400, 'invalid_request'],
    ['a refusal of its own', ['--status', '400', '--message', 'does not support tools'], {}, 400, 'invalid_request'],
    ['a prompt that is too long', ['--status', '400', '--message', 'the input length exceeds the context length'], {}, 400, 'context_overflow'],
    ['a full queue', ['--status', '503'], {}, 429, 'backend_overloaded'],
    ['an inner failure', ['--status', '500', '--message', 'llama runner process has terminated'], {}, 502, 'backend_bad_response'],
    ['HTML', ['--not-json'], {}, 502, 'backend_bad_response'],
    ['HTML in place of a stream', ['--not-json'], { stream: true }, 502, 'backend_bad_response'],
    ['an error line before any content', ['--error-after', '0', '--message', 'out of memory'], { stream: true }, 502, 'backend_bad_response'],
  ]
  for (const [what, flags, more, status, code] of failures) {
    it(`${what}: ${status} ${code}, never an empty 200`, async () => {
      const server = await startOllamaServer(...flags)
      const { client } = await startProxy({ entries: [inOllama(server.origin)] })
      const failure: unknown = await client.chat.completions.create(ask('qwen25', more)).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(APIError)
      expect(failure).toMatchObject({ status, code })
    })
  }

  it('a failure after the first words is an error event, with the words kept', async () => {
    const server = await startOllamaServer('--garbage-after', '2')
    const { client } = await startProxy({ entries: [inOllama(server.origin)] })
    const stream = await client.chat.completions.create({ ...ask('qwen25'), stream: true as const })
    let text = ''
    const reading = (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    })()
    await expect(reading).rejects.toBeInstanceOf(APIError)
    expect(text).toBe('A harbour ')
  })
})

describe('Florence-2 behind the proxy', () => {
  it('takes the role by its name and gives boxes', async () => {
    const server = await startOpenAiServer('--models', 'florence', '--reply', 'boat<loc_100><loc_200><loc_300><loc_400>')
    const entry = {
      name: 'florence',
      backend: 'remote',
      adapter: 'task_tokens',
      backend_config: { base_url: server.origin },
      capabilities: { vision: true },
      roles: ['object_detection'],
      role_priority: { object_detection: 90 },
    }
    const { client } = await startProxy({ entries: [entry] })
    const answer = await client.chat.completions.create(ask('role:object_detection'))
    expect(JSON.parse(answer.choices[0]!.message.content!)).toEqual({ objects: [{ label: 'boat', box: [0.1005, 0.2005, 0.3005, 0.4005] }] })
  })
})
