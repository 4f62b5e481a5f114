/** What we read of a chat request: enough to route it, to refuse what must not pass, and to log it. Everything else passes as it came. Pure. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { StudioError } from '../lib/studio-error.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { ChatRequest } from '../registry/serving.ts'
import { rewriteObject, type Scan, scanObject } from './json-scan.ts'
import type { RequestRecord } from './ports.ts'

const MAX_DEPTH = 64

/** Fields through which some servers run a caller's code or read a caller's files; they are taken out. */
const DROPPED_FIELDS = ['mm_processor_kwargs', 'media_io_kwargs', 'chat_template', 'lora_path', 'guided_decoding_backend'] as const

export interface ChatBody {
  bytes: Buffer
  scan: Scan
  json: Readonly<Record<string, unknown>>
  model: string
  stream: boolean
  images: RequestRecord['images']
  promptHash: string
  dropped: string[]
}

function invalid(message: string, param: string | null = null): StudioError {
  return new StudioError('request-invalid', message, { data: { param } })
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The address in a part of kind `image_url`, `video_url`, `audio_url` …, as an object or as plain text. */
function findAddress(part: Record<string, unknown>): string | undefined {
  for (const [key, value] of Object.entries(part)) {
    if (!key.endsWith('_url')) continue
    const address = isRecord(value) ? value['url'] : value
    return typeof address === 'string' ? address : ''
  }
  return undefined
}

interface Seen {
  images: string[]
  texts: string[]
}

function lookAtMessages(messages: readonly unknown[]): Seen {
  const seen: Seen = { images: [], texts: [] }
  for (const [i, message] of messages.entries()) {
    if (!isRecord(message)) throw invalid('every message must be an object', `messages.${i}`)
    const content = message['content']
    if (typeof content === 'string') seen.texts.push(content)
    if (!Array.isArray(content)) continue
    for (const [j, part] of (content as unknown[]).entries()) {
      if (!isRecord(part)) throw invalid('every part of a message must be an object', `messages.${i}.content.${j}`)
      if (typeof part['text'] === 'string') seen.texts.push(part['text'])
      const address = findAddress(part)
      if (address === undefined) continue
      if (!/^data:image\//i.test(address)) {
        throw invalid('pictures are taken only inside the request, as data:image/… addresses; nothing is fetched', `messages.${i}.content.${j}`)
      }
      seen.images.push(address)
    }
  }
  return seen
}

/** @throws StudioError `request-invalid`, with the field in `param` where one is to blame. */
export function readChatBody(bytes: Buffer): ChatBody {
  if (!isUtf8(bytes)) throw invalid('the body is not UTF-8')
  const scan = scanObject(bytes, MAX_DEPTH)
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw invalid('the body is not JSON')
  }
  if (!isRecord(json)) throw invalid('the body must be a JSON object')
  const { model, stream, messages } = json
  if (typeof model !== 'string' || model.trim() === '') throw invalid('model must name a model, an alias or a role such as role:caption', 'model')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') throw invalid('stream must be true or false', 'stream')
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages must be a list of at least one message', 'messages')
  const { images, texts } = lookAtMessages(messages)
  const imageHash = createHash('sha256')
  for (const image of images) imageHash.update(image)
  const textHash = createHash('sha256')
  for (const text of texts) textHash.update(text).update('\0')
  return {
    bytes,
    scan,
    json,
    model,
    stream: stream === true,
    images: {
      count: images.length,
      bytes: images.reduce((sum, image) => sum + Math.floor((image.length - image.indexOf(',') - 1) * 0.75), 0),
      hash: images.length === 0 ? null : imageHash.digest('hex').slice(0, 16),
    },
    promptHash: textHash.digest('hex').slice(0, 16),
    dropped: DROPPED_FIELDS.filter((field) => field in json),
  }
}

const DEFAULT_FIELDS = ['max_tokens', 'min_tokens', 'temperature', 'top_p', 'top_k', 'frequency_penalty', 'presence_penalty'] as const

/** The entry's defaults that the caller left out. `max_completion_tokens` is the caller's `max_tokens` under its newer name. */
function missingDefaults(body: ChatBody, entry: RegistryEntry): Map<string, string> {
  const given = body.json
  const defaults = entry.generation_defaults
  const added = new Map<string, string>()
  for (const field of DEFAULT_FIELDS) {
    const value = defaults[field]
    if (value === null || value === undefined || field in given) continue
    if (field === 'max_tokens' && 'max_completion_tokens' in given) continue
    added.set(field, JSON.stringify(value))
  }
  const stop = defaults.stop_sequences
  if (stop && stop.length > 0 && !('stop' in given)) added.set('stop', JSON.stringify(stop))
  return added
}

export function toChatRequest(body: ChatBody, entry: RegistryEntry): ChatRequest {
  const { bytes, scan, dropped } = body
  const kept = Object.fromEntries(Object.entries(body.json).filter(([key]) => !dropped.includes(key)))
  return {
    body: kept,
    stream: body.stream,
    encode: (modelId) =>
      rewriteObject(bytes, scan, { replace: new Map([['model', JSON.stringify(modelId)]]), add: missingDefaults(body, entry), drop: dropped }),
  }
}

const LOGGED_OPTIONS = ['temperature', 'top_p', 'top_k', 'max_tokens', 'max_completion_tokens', 'seed', 'n'] as const

/** Numbers only: free text of a caller stays out of the log. */
export function loggedOptions(json: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(LOGGED_OPTIONS.flatMap((name) => (typeof json[name] === 'number' ? [[name, json[name]]] : [])))
}
