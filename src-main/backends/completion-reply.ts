/** A finished answer in the protocol the caller asked for: one JSON body, or the same as a proper stream of chunks. Pure. */
import { StudioError } from '../lib/studio-error.ts'
import type { BackendReply } from '../registry/serving.ts'

interface Completion {
  id: string
  created: number
  model: string
  choices: { index: number; message: { role: string; content: unknown }; finish_reason: string }[]
  usage?: unknown
}

function isCompletion(value: unknown): value is Completion {
  if (typeof value !== 'object' || value === null || !('choices' in value) || !Array.isArray(value.choices)) return false
  return value.choices.every(
    (choice: unknown) => typeof choice === 'object' && choice !== null && 'message' in choice && typeof choice.message === 'object',
  )
}

/** Whether a stream is to end with the count of its tokens. */
export function wantsUsage(body: Readonly<Record<string, unknown>>): boolean {
  const options = body['stream_options']
  return typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true
}

/** @throws StudioError `backend-failed` when `value` is no chat completion. */
export function completionReply(value: unknown, request: { stream: boolean; body: Readonly<Record<string, unknown>> }): BackendReply {
  if (!isCompletion(value)) throw new StudioError('backend-failed', 'the worker answered something that is not a chat completion')
  if (!request.stream) return reply('application/json', [JSON.stringify(value)])
  const { id, created, model, choices, usage } = value
  const chunk = (list: unknown[], more: object = {}) =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model, choices: list, ...more })}\n\n`
  const delta = (index: number, change: object, finish: string | null) => chunk([{ index, delta: change, logprobs: null, finish_reason: finish }])
  const events = choices.flatMap(({ index, message, finish_reason: finish }) => [
    delta(index, { role: message.role, content: '' }, null),
    delta(index, { content: message.content }, null),
    delta(index, {}, finish),
  ])
  if (wantsUsage(request.body) && usage !== undefined) events.push(chunk([], { usage }))
  return reply('text/event-stream; charset=utf-8', [...events, 'data: [DONE]\n\n'])
}

function reply(contentType: string, parts: string[]): BackendReply {
  return {
    status: 200,
    headers: { 'content-type': contentType },
    body: (async function* () {
      for (const part of parts) yield Buffer.from(part)
    })(),
  }
}
