import { describe, expect, it } from 'vitest'
import { normalizeToolCalls, offeredTools } from '../../../src-main/proxy/tool-calls.ts'

const offered = offeredTools({ tools: [{ type: 'function', function: { name: 'f' } }] })
const completion = (message: object) => ({ id: 'c', choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }] })
const mend = (message: object, tools: ReadonlySet<string> = offered) => normalizeToolCalls(completion(message), tools, () => 'call_1')
const fenced = (value: unknown) => `\`\`\`json\n${JSON.stringify(value)}\n\`\`\``

describe('a tool call that the model wrote as text', () => {
  it('becomes one, with its arguments as JSON text', () => {
    expect(mend({ content: fenced({ name: 'f', arguments: { x: 1, y: true } }) })?.['choices']).toEqual([
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":1,"y":true}' } }],
        },
      },
    ])
  })
  const answers: [string, unknown, ReadonlySet<string>?][] = [
    ['a tool that was not offered', fenced({ name: 'g', arguments: {} })],
    ['no tools offered', fenced({ name: 'f', arguments: {} }), new Set()],
    ['text around the block', `Here: ${fenced({ name: 'f', arguments: {} })}`],
    ['two blocks', `${fenced({ name: 'f', arguments: {} })}\n${fenced({ name: 'f', arguments: {} })}`],
    ['an answer in JSON without arguments', fenced({ name: 'f', keywords: ['a'] })],
    ['bare JSON', '{"name":"f","arguments":{}}'],
    ['arguments that are no object', fenced({ name: 'f', arguments: 'x' })],
    ['damaged JSON', '```json\n{"name":"f","arguments":{}\n```'],
    ['no text', null],
  ]
  for (const [what, content, tools] of answers) it(`${what}: untouched`, () => expect(mend({ content }, tools)).toBeNull())

  it('real calls are left alone, but for arguments that are not text', () => {
    const call = (args: unknown) => ({ content: null, tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: args } }] })
    expect(mend(call('{"x":1}'))).toBeNull()
    expect(JSON.stringify(mend(call({ x: 1 })))).toContain('"arguments":"{\\"x\\":1}"')
  })
  it('tool_choice none offers nothing', () =>
    expect(offeredTools({ tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'none' }).size).toBe(0))
})
