import { describe, expect, it } from 'vitest'
import { toNativeMessages } from '../../../src-main/backends/ollama/native-messages.ts'
import { contextTokensOf, toNativeChat } from '../../../src-main/backends/ollama/native-request.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const entryOf = (more: Record<string, unknown> = {}) => entrySchema.parse({ name: 'q', backend: 'ollama', served_model_id: 'q:7b', ...more })
const native = (body: Record<string, unknown>, entry = entryOf()) =>
  toNativeChat({ messages: [{ role: 'user', content: 'x' }], ...body }, { tag: 'q:7b', entry, keepAlive: '300s', stream: false })
const image = (base64: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } })
const text = (words: string) => ({ type: 'text', text: words })

describe('options', () => {
  const cases: [Record<string, unknown>, Record<string, unknown>][] = [
    [
      { temperature: 0, top_p: 0.5, top_k: 7, min_p: 0.1, seed: 0 },
      { temperature: 0, top_p: 0.5, top_k: 7, min_p: 0.1, seed: 0 },
    ],
    [
      { frequency_penalty: 0.5, presence_penalty: -1, repetition_penalty: 1.1 },
      { frequency_penalty: 0.5, presence_penalty: -1, repeat_penalty: 1.1 },
    ],
    [{ max_tokens: 2000, max_completion_tokens: 50 }, { num_predict: 50 }],
    [{ max_tokens: 20 }, { num_predict: 20 }],
    [{ stop: 'END' }, { stop: ['END'] }],
    [{ stop: ['a', 'b'] }, { stop: ['a', 'b'] }],
    [{ temperature: null, stop: null, seed: undefined }, {}],
  ]
  for (const [body, options] of cases) it(JSON.stringify(body), () => expect(native(body).options).toEqual(options))

  it('the context comes from the entry, the nearest field first', () => {
    expect(native({}, entryOf({ backend_config: { num_ctx: 8192, max_model_len: 4096 } })).options).toEqual({ num_ctx: 8192 })
    expect(contextTokensOf(entryOf({ backend_config: { max_model_len: 4096 }, generation_defaults: { context_window: 2048 } }))).toBe(4096)
    expect(contextTokensOf(entryOf({ generation_defaults: { context_window: 2048 } }))).toBe(2048)
    expect(contextTokensOf(entryOf({ backend_config: { num_ctx: 'many' } }))).toBeUndefined()
  })

  it('JSON, a schema, or plain text', () => {
    const schema = { type: 'object', properties: { caption: { type: 'string' } } }
    expect(native({ response_format: { type: 'json_object' } }).format).toBe('json')
    expect(native({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }).format).toEqual(schema)
    expect('format' in native({ response_format: { type: 'text' } })).toBe(false)
    expect(() => native({ response_format: { type: 'json_schema', json_schema: { name: 'x' } } })).toThrow(
      expect.objectContaining({ data: { param: 'response_format' } }),
    )
  })

  it('tools, unless the caller wants none called', () => {
    const tools = [{ type: 'function', function: { name: 'x' } }]
    expect(native({ tools }).tools).toEqual(tools)
    expect('tools' in native({ tools, tool_choice: 'none' })).toBe(false)
  })

  const thinking: [Record<string, unknown>, boolean | string | undefined][] = [
    [{}, undefined],
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: 'minimal' }, 'low'],
    [{ reasoning: { effort: 'high' } }, 'high'],
    [{ think: true }, true],
    [{ chat_template_kwargs: { enable_thinking: false } }, false],
  ]
  for (const [body, think] of thinking) it(`thinking: ${JSON.stringify(body)}`, () => expect(native(body).think).toBe(think))
})

describe('what Ollama cannot be told is refused by name, never dropped', () => {
  const tools = [{ type: 'function', function: { name: 'x' } }]
  const refused: Record<string, unknown>[] = [
    { n: 2 },
    { logprobs: true },
    { top_logprobs: 3 },
    { logit_bias: { 5: 1 } },
    { tool_choice: 'required', tools },
    { tool_choice: { type: 'function', function: { name: 'x' } }, tools },
    { parallel_tool_calls: false, tools },
    { modalities: ['text', 'audio'] },
    { functions: [{ name: 'x' }] },
    { temperature: 'hot' },
    { stop: 5 },
    { reasoning_effort: 'enormous' },
  ]
  for (const body of refused) {
    const param = Object.keys(body)[0]
    it(JSON.stringify(body), () => expect(() => native(body)).toThrow(expect.objectContaining({ code: 'request-invalid', data: { param } })))
  }
  it('the same fields at their neutral values pass', () => {
    const neutral = {
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      logit_bias: {},
      tool_choice: 'auto',
      parallel_tool_calls: true,
      modalities: ['text'],
      functions: [],
    }
    expect(() => native(neutral)).not.toThrow()
  })
})

describe('messages', () => {
  it('parts stay apart, pictures are bare base64, roles are its own', () =>
    expect(
      toNativeMessages([
        { role: 'developer', content: 's' },
        { role: 'user', content: [image('QUJD'), text('a'), text('b')] },
        { role: 'assistant', content: 'c', reasoning_content: 'hm' },
      ]),
    ).toEqual([
      { role: 'system', content: 's' },
      { role: 'user', content: 'a\n\nb', images: ['QUJD'] },
      { role: 'assistant', content: 'c', thinking: 'hm' },
    ]))

  it('pictures with words between them keep their order', () =>
    expect(toNativeMessages([{ role: 'user', content: [text('before:'), image('QQ=='), text('after:'), image('Qg==')] }])).toEqual([
      { role: 'user', content: 'before:' },
      { role: 'user', content: '', images: ['QQ=='] },
      { role: 'user', content: 'after:' },
      { role: 'user', content: '', images: ['Qg=='] },
    ]))

  it('two pictures and a text after them are one message', () =>
    expect(toNativeMessages([{ role: 'user', content: [image('QQ=='), image('Qg=='), text('compare')] }])).toEqual([
      { role: 'user', content: 'compare', images: ['QQ==', 'Qg=='] },
    ]))

  it('calls have objects, results know the name of what they answer', () =>
    expect(
      toNativeMessages([
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'c2', function: { name: 'g', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c2', content: [text('done')] },
      ]),
    ).toEqual([
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'c1', function: { name: 'f', arguments: { x: 1 } } },
          { id: 'c2', function: { name: 'g', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'done', tool_name: 'g', tool_call_id: 'c2' },
    ]))

  const refused: [string, unknown, string][] = [
    [
      'an address to fetch',
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://169.254.169.254/x.png' } }] },
      'messages.0.content.0',
    ],
    ['a file', { role: 'user', content: [{ type: 'image_url', image_url: 'file:///etc/passwd' }] }, 'messages.0.content.0'],
    [
      'a picture that is not base64',
      { role: 'user', content: [{ type: 'image_url', image_url: 'data:image/svg+xml,<svg/>' }] },
      'messages.0.content.0',
    ],
    ['sound', { role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }, 'messages.0.content.0'],
    [
      'arguments that are no JSON',
      { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: "{'x': 1}" } }] },
      'messages.0.tool_calls.0.function.arguments',
    ],
    [
      'arguments that are a list',
      { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '[1]' } }] },
      'messages.0.tool_calls.0.function.arguments',
    ],
    ['a message that is a text', 'hello', 'messages.0'],
    ['a number as content', { role: 'user', content: 5 }, 'messages.0.content'],
  ]
  for (const [what, message, param] of refused)
    it(`${what} must be refused`, () =>
      expect(() => toNativeMessages([message])).toThrow(expect.objectContaining({ code: 'request-invalid', data: { param } })))
})
