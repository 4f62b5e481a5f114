import { describe, expect, it } from 'vitest'
import { createTaskTokenBackend } from '../../../src-main/backends/task-tokens/task-token-backend.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { chatRequest, NEVER, PICTURE, question, readChunks, readReply, readText, remoteEntry, servedBackend } from './backend-kit.ts'

const OUTPUT = '</s><s>car<loc_54><loc_375><loc_906><loc_707>door<loc_710><loc_276><loc_907><loc_468></s>'

const start = async (...flags: string[]) => {
  const server = await startOpenAiServer('--reply', OUTPUT, ...flags)
  const entry = remoteEntry({ base_url: server.origin }, { name: 'florence', adapter: 'task_tokens' })
  const backend = createTaskTokenBackend({ below: servedBackend(), clock: systemClock })
  return { server, ask: (body: Record<string, unknown>) => backend.chat(entry, chatRequest({ messages: question(), ...body }), NEVER) }
}

describe('a task-token model behind an ordinary chat', () => {
  it('is asked with the bare token, the picture and temperature 0, and with its places kept', async () => {
    const { server, ask } = await start()
    await readText(await ask({ messages: question('Write a caption, please'), temperature: 0.7, top_p: 0.8 }))
    expect(await server.chats()).toEqual([
      {
        model: 'fake-vision',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: PICTURE } },
              { type: 'text', text: '<CAPTION>' },
            ],
          },
        ],
        temperature: 0,
        max_tokens: 1024,
        stream: false,
        skip_special_tokens: false,
      },
    ])
  })

  it('keywords under a schema take two tasks, fit the schema, and count the tokens of both', async () => {
    const { server, ask } = await start()
    const schema = { type: 'object', properties: { keywords: { type: 'array', items: { type: 'string' } } }, required: ['keywords'] }
    const answer = await readReply(await ask({ response_format: { type: 'json_schema', json_schema: { name: 'imageworks_keywords', schema } } }))
    expect(JSON.parse(answer.choices[0]!.message.content!)).toEqual({ keywords: ['car', 'door', 'car door'] })
    expect(answer.usage).toEqual({ prompt_tokens: 14, completion_tokens: 10, total_tokens: 24 })
    const prompts = (await server.chats()).map((body) => (body['messages'] as { content: { text?: string }[] }[])[0]!.content[1]!.text)
    expect(prompts).toEqual(['<OD>', '<DETAILED_CAPTION>'])
  })

  it('object detection gives labels and boxes in fractions of the picture, as a stream too', async () => {
    const { ask } = await start()
    const chunks = await readChunks(await ask({ model: 'role:object_detection', stream: true }))
    const text = chunks.map(({ choices }) => choices[0]!.delta['content'] ?? '').join('')
    expect(JSON.parse(text)).toEqual({
      objects: [
        { label: 'car', box: [0.0545, 0.3755, 0.9065, 0.7075] },
        { label: 'door', box: [0.7105, 0.2765, 0.9075, 0.4685] },
      ],
    })
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('stop')
  })

  it("the server's refusal goes to the caller as it is", async () => {
    const { ask } = await start('--status', '400', '--message', 'no picture processor')
    const reply = await ask({})
    expect([reply.status, (await readText(reply)).includes('no picture processor')]).toEqual([400, true])
  })

  for (const [what, body, param] of [
    ['without a picture', { messages: [{ role: 'user', content: 'hello' }] }, 'messages'],
    ['with two pictures', { messages: [{ role: 'user', content: [...question()[0]!.content, ...question()[0]!.content] }] }, 'messages'],
    ['with tools', { tools: [{ type: 'function', function: { name: 'x' } }] }, 'tools'],
    ['for several answers', { n: 2 }, 'n'],
  ] as const) {
    it(`a request ${what} is refused, naming ${param}`, async () => {
      const { ask } = await start()
      await expect(ask(body)).rejects.toMatchObject({ code: 'request-invalid', data: { param } })
    })
  }
})
