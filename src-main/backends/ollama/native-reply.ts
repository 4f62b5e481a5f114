/** Ollama's answer as OpenAI's, in one piece or as a stream of chunks. Pure but for the bytes that pass. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { StudioError } from '../../lib/studio-error.ts'

const LINE_CAP_BYTES = 8 * 1024 * 1024
const LF = 0x0a

const nativeLine = z.looseObject({
  error: z.string().optional(),
  message: z
    .looseObject({
      content: z.string().nullish(),
      thinking: z.string().nullish(),
      tool_calls: z
        .array(z.looseObject({ id: z.string().nullish(), function: z.looseObject({ name: z.string(), arguments: z.unknown() }) }))
        .nullish(),
    })
    .nullish(),
  done: z.boolean().optional(),
  done_reason: z.string().nullish(),
  prompt_eval_count: z.number().int().nonnegative().nullish(),
  eval_count: z.number().int().nonnegative().nullish(),
})
type NativeLine = z.infer<typeof nativeLine>

export interface ReplyNames {
  /** Under which the model answers. */
  model: string
  /** Milliseconds since the epoch. */
  nowMs: number
}

const OVERFLOW = /context.{0,40}(length|window|size)|exceed.{0,40}context|prompt (is )?too long/i

/** What the daemon says went wrong, after it had answered 200. */
function errorOf(message: string): StudioError {
  const said = message.slice(0, 500)
  return OVERFLOW.test(said)
    ? new StudioError('context-overflow', `Ollama: ${said}`)
    : new StudioError('backend-failed', `Ollama: ${said}`, { retry: 'now' })
}

/** @throws StudioError `backend-failed` for what is no line of Ollama's, or the error that the line tells. */
function readLine(value: unknown): NativeLine {
  const parsed = nativeLine.safeParse(value)
  if (!parsed.success) throw new StudioError('backend-failed', 'Ollama answered something that is not its protocol', { retry: 'now' })
  if (parsed.data.error !== undefined) throw errorOf(parsed.data.error)
  return parsed.data
}

const toCalls = (line: NativeLine) =>
  (line.message?.tool_calls ?? []).map(({ id, function: called }) => ({
    id: id ?? `call_${randomUUID()}`,
    type: 'function' as const,
    function: { name: called.name, arguments: JSON.stringify(called.arguments ?? {}) },
  }))

const finishReason = (line: NativeLine, called: boolean) => (called ? 'tool_calls' : line.done_reason === 'length' ? 'length' : 'stop')

/** The daemon leaves out the prompt's count when the whole prompt was still in its cache. */
function usageOf(line: NativeLine) {
  const prompt = line.prompt_eval_count ?? 0
  const completion = line.eval_count ?? 0
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

const head = (object: string, { model, nowMs }: ReplyNames) => ({
  id: `chatcmpl-${randomUUID()}`,
  object,
  created: Math.floor(nowMs / 1000),
  model,
})

/** @throws StudioError `backend-failed`, `context-overflow`. */
export function toCompletion(value: unknown, names: ReplyNames): Record<string, unknown> {
  const line = readLine(value)
  if (line.done !== true) throw new StudioError('backend-failed', 'Ollama answered something that is not a finished chat', { retry: 'now' })
  const calls = toCalls(line)
  const content = line.message?.content ?? ''
  const thinking = line.message?.thinking ?? ''
  const message = {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(thinking === '' ? {} : { reasoning_content: thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  return {
    ...head('chat.completion', names),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(line, calls.length > 0) }],
    usage: usageOf(line),
  }
}

/** Events of OpenAI's stream for each line of Ollama's. */
function createChunks(names: ReplyNames & { includeUsage: boolean }) {
  const base = head('chat.completion.chunk', names)
  const event = (value: object) => `data: ${JSON.stringify({ ...base, ...value })}\n\n`
  const delta = (change: object, finish: string | null = null) =>
    event({ choices: [{ index: 0, delta: change, logprobs: null, finish_reason: finish }] })
  let begun = false
  let calls = 0
  return (line: NativeLine): string => {
    const events: string[] = []
    if (!begun) events.push(delta({ role: 'assistant', content: '' }))
    begun = true
    const { content, thinking } = line.message ?? {}
    if (thinking) events.push(delta({ reasoning_content: thinking }))
    if (content) events.push(delta({ content }))
    for (const call of toCalls(line)) events.push(delta({ tool_calls: [{ index: calls++, ...call }] }))
    if (line.done === true) {
      events.push(delta({}, finishReason(line, calls > 0)))
      if (names.includeUsage) events.push(event({ choices: [], usage: usageOf(line) }))
      events.push('data: [DONE]\n\n')
    }
    return events.join('')
  }
}

/**
 * What one piece from the daemon gives leaves in one piece. Ends with `[DONE]` or raises StudioError `backend-failed` (a line that is not
 * its protocol, an end without `done`), `context-overflow`, or what the connection raised.
 */
export async function* toEvents(body: AsyncIterable<Uint8Array>, names: ReplyNames & { includeUsage: boolean }): AsyncGenerator<Uint8Array> {
  const toChunks = createChunks(names)
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of body) {
    const bytes = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece])
    const end = bytes.lastIndexOf(LF) + 1
    rest = bytes.subarray(end)
    if (rest.length > LINE_CAP_BYTES) throw new StudioError('backend-failed', 'Ollama sent a line without end')
    const { text, done, failure } = convert(bytes.subarray(0, end), toChunks)
    // What stood before a bad line still goes out.
    if (text !== '') yield Buffer.from(text)
    if (failure !== undefined) throw failure
    if (done) return
  }
  const { text, done, failure } = convert(rest, toChunks)
  if (text !== '') yield Buffer.from(text)
  if (failure !== undefined) throw failure
  if (!done) throw new StudioError('backend-failed', 'Ollama stopped in the middle of its answer', { retry: 'now' })
}

function convert(lines: Buffer, toChunks: (line: NativeLine) => string): { text: string; done: boolean; failure?: unknown } {
  let text = ''
  for (const line of lines.toString('utf8').split('\n')) {
    if (line.trim() === '') continue
    try {
      const read = readLine(parse(line))
      text += toChunks(read)
      if (read.done === true) return { text, done: true }
    } catch (failure) {
      return { text, done: false, failure }
    }
  }
  return { text, done: false }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new StudioError('backend-failed', 'Ollama sent a line that is not JSON', { retry: 'now' })
  }
}
