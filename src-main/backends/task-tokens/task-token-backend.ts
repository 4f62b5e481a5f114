/** A model that answers to task prompts alone (Florence-2), behind the ordinary chat request; its server below speaks OpenAI's protocol. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { StudioError } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { Backend, BackendReply, ChatRequest } from '../../registry/serving.ts'
import { completionReply } from '../completion-reply.ts'
import { readJson } from '../http-upstream.ts'
import { invalid, isRecord } from '../request-fields.ts'
import { chooseWish, type TaskToken, tasksOf } from './choose-tasks.ts'
import { composeAnswer } from './compose-answer.ts'

const MOST_TOKENS = 1024

interface Answered {
  text: string
  finish: string
  promptTokens: number
  completionTokens: number
}

export function createTaskTokenBackend({ below, clock }: { below: Backend; clock: Clock }): Backend {
  const ask = async (
    entry: RegistryEntry,
    task: TaskToken,
    picture: object,
    asked: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Answered | BackendReply> => {
    const body = {
      model: asked['model'],
      messages: [{ role: 'user', content: [picture, { type: 'text', text: task }] }],
      temperature: 0,
      max_tokens: MOST_TOKENS,
      stream: false,
      // Places are special tokens, which servers leave out of the text unless told otherwise.
      skip_special_tokens: false,
    }
    const request: ChatRequest = { body, stream: false, encode: (model) => Buffer.from(JSON.stringify({ ...body, model })) }
    const reply = await below.chat(entry, request, signal)
    if (reply.status !== 200) return reply
    return readAnswer(await readJson(reply, entry.name))
  }

  return {
    name: below.name,
    availability: (entry) => below.availability(entry),
    async chat(entry, request, signal) {
      if ((request.route ?? 'chat/completions') !== 'chat/completions') throw invalid('model', `${entry.name} answers chat requests alone`)
      // The bytes, not `request.body`, hold whatever was done to the picture on the way.
      const body = JSON.parse(request.encode(entry.name).toString('utf8')) as Record<string, unknown>
      refuseWhatItCannot(entry, body)
      const { picture, text } = lastQuestion(body)
      const wish = chooseWish({ ...body, model: request.body['model'] }, text)
      const answers = new Map<TaskToken, Answered>()
      // One after the other: a request takes one place at its server.
      for (const task of tasksOf(wish)) {
        const answer = await ask(entry, task, picture, body, signal)
        if ('status' in answer) return answer
        answers.set(task, answer)
      }
      const outputs = new Map([...answers].map(([task, { text: output }]) => [task, output]))
      return completionReply(completion(entry.name, composeAnswer(wish, outputs), [...answers.values()], clock.nowMs()), request)
    },
  }
}

const ONE_ANSWER: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  tools: (value) => Array.isArray(value) && value.length === 0,
  functions: (value) => Array.isArray(value) && value.length === 0,
}

function refuseWhatItCannot(entry: RegistryEntry, body: Readonly<Record<string, unknown>>): void {
  for (const [field, harmless] of Object.entries(ONE_ANSWER)) {
    const value = body[field]
    if (value !== undefined && value !== null && !harmless(value)) throw invalid(field, `${entry.name} answers task prompts, which have no ${field}`)
  }
}

/** The last user message: its one picture, and its text. */
function lastQuestion(body: Readonly<Record<string, unknown>>): { picture: object; text: string } {
  const messages = Array.isArray(body['messages']) ? (body['messages'] as unknown[]) : []
  const message = messages.findLast((each) => isRecord(each) && each['role'] === 'user')
  const content = isRecord(message) ? message['content'] : undefined
  const parts = Array.isArray(content) ? (content as unknown[]).filter(isRecord) : []
  const pictures = parts.filter(({ type }) => type === 'image_url')
  if (pictures.length !== 1) throw invalid('messages', `the last user message holds ${pictures.length} pictures; this model answers about one`)
  return { picture: pictures[0]!, text: parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n') }
}

function readAnswer(json: unknown): Answered {
  const choices: unknown = isRecord(json) ? json['choices'] : undefined
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  const message = isRecord(first) ? first['message'] : undefined
  const text = isRecord(message) ? message['content'] : undefined
  if (!isRecord(first) || (typeof text !== 'string' && text !== null)) {
    throw new StudioError('backend-failed', 'the model server answered something that is not a chat completion')
  }
  const usage = isRecord(json) && isRecord(json['usage']) ? json['usage'] : {}
  const count = (key: string) => (typeof usage[key] === 'number' ? usage[key] : 0)
  return {
    text: text ?? '',
    finish: first['finish_reason'] === 'length' ? 'length' : 'stop',
    promptTokens: count('prompt_tokens'),
    completionTokens: count('completion_tokens'),
  }
}

function completion(model: string, content: string, answers: readonly Answered[], nowMs: number) {
  const sum = (key: 'promptTokens' | 'completionTokens') => answers.reduce((total, answer) => total + answer[key], 0)
  const usage = { prompt_tokens: sum('promptTokens'), completion_tokens: sum('completionTokens') }
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(nowMs / 1000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: answers.some(({ finish }) => finish === 'length') ? 'length' : 'stop',
      },
    ],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  }
}
