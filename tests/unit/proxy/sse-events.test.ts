import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventSplitter, readEvent } from '../../../src-main/proxy/sse-events.ts'

const chunk = (delta: object, finish: string | null = null) =>
  Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`)

describe('cutting', () => {
  it('must give back every byte, however the stream is chopped, and cut only at ends', () => {
    const whole = 'data: {"a":"ü"}\n\n: ping\n\r\nevent: x\r\ndata: 1\r\n\r\ndata: [DONE]\n\nrest'
    const bytes = Buffer.from(whole)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length - 1 })), (cuts) => {
        const splitter = new EventSplitter()
        const marks = [0, ...new Set(cuts.sort((a, b) => a - b)), bytes.length]
        const events = marks.slice(1).flatMap((end, i) => splitter.push(bytes.subarray(marks[i], end)))
        expect(events).toHaveLength(4)
        expect(Buffer.concat([...events, splitter.rest]).equals(bytes)).toBe(true)
      }),
    )
  })
})

describe('reading', () => {
  it('a role alone is not content; text, reasoning, a tool call and an ending are', () => {
    expect(readEvent(chunk({ role: 'assistant', content: '' })).hasContent).toBe(false)
    expect(readEvent(chunk({ content: 'x' })).hasContent).toBe(true)
    expect(readEvent(chunk({ reasoning_content: 'x' })).hasContent).toBe(true)
    expect(readEvent(chunk({ tool_calls: [{ index: 0 }] })).hasContent).toBe(true)
    expect(readEvent(chunk({}, 'length'))).toMatchObject({ hasContent: true, finishReason: 'length' })
  })
  it('an error event carries the kind of failure', () => {
    const event = (error: unknown) => () => readEvent(Buffer.from(`data: ${JSON.stringify({ error })}\n\n`))
    expect(event({ message: 'CUDA out of memory' })).toThrow(
      expect.objectContaining({ code: 'backend-failed', message: expect.stringContaining('CUDA') }),
    )
    expect(event({ message: 'maximum context length is 4096', code: 400 })).toThrow(expect.objectContaining({ code: 'context-overflow' }))
  })
  for (const text of ['data: {{{\n\n', '<html>\n\n', 'data: 5\n\n']) {
    it(`${JSON.stringify(text)} must be a failure, not silence`, () =>
      expect(() => readEvent(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'backend-failed' })))
  }
  it('comments pass', () => expect(readEvent(Buffer.from(': ping\n\n')).kind).toBe('silent'))
})
