/**
 * What we read of a request to a model: enough to route it, to refuse what must not pass, and to log it. Everything else passes as it came.
 * Long texts and pictures are not decoded for that (see stand-ins.ts).
 */
import type { RegistryEntry } from '../../registry/entry.ts'
import type { ChatRequest, ModelRoute } from '../../registry/serving.ts'
import { type Bytes, isUtf8Bytes } from './bytes.ts'
import { type Edit, type LongText, rewriteObject, type Scan, scanObjectKindly } from './json-scan.ts'
import { invalid, isRecord, lookAtMessages, type Message, type Picture, textsIn } from './look-at-messages.ts'
import { leaveOut, type StandIns } from './stand-ins.ts'

const MAX_DEPTH = 64
/** Between the largest request that a person's program makes and the smallest that stops the studio for a moment. */
const MAX_VALUES = 100_000
const MAX_SKELETON_BYTES = 4 * 1024 * 1024

/** Fields through which some servers run a caller's code or read a caller's files; they are taken out. */
const DROPPED_FIELDS = ['mm_processor_kwargs', 'media_io_kwargs', 'chat_template', 'lora_path', 'guided_decoding_backend'] as const

export interface ChatBody {
  route: ModelRoute
  bytes: Bytes
  scan: Scan
  standIns: StandIns
  /** The body with stand-ins for long texts. */
  json: Readonly<Record<string, unknown>>
  model: string
  stream: boolean
  /** Empty where the route has none. */
  messages: readonly Message[]
  pictures: readonly Picture[]
  texts: readonly string[]
  dropped: string[]
}

export interface ReadOptions {
  route?: ModelRoute
  /** Hosts whose pictures may be named instead of sent. */
  pictureHosts?: readonly string[]
}

function seenIn(route: ModelRoute, json: Record<string, unknown>, standIns: StandIns, hosts: readonly string[]) {
  if (route === 'chat/completions') {
    const { messages } = json
    if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages must be a list of at least one message', 'messages')
    return { messages: messages as Message[], ...lookAtMessages(messages, standIns, hosts) }
  }
  const field = route === 'completions' ? 'prompt' : 'input'
  const value = json[field]
  if (typeof value !== 'string' && (!Array.isArray(value) || value.length === 0)) throw invalid(`${field} must be a text or a list`, field)
  return { messages: [], pictures: [], texts: textsIn(value) }
}

/** @throws StudioError `request-invalid`, with the field in `param` where one is to blame. */
export async function readChatBody(bytes: Bytes, options: ReadOptions = {}): Promise<ChatBody> {
  const { route = 'chat/completions', pictureHosts = [] } = options
  if (!isUtf8Bytes(bytes)) throw invalid('the body is not UTF-8')
  const scan = await scanObjectKindly(bytes, { maxDepth: MAX_DEPTH, maxValues: MAX_VALUES })
  const longBytes = scan.long.reduce((sum, { start, end }) => sum + end - start, 0)
  if (bytes.length - longBytes > MAX_SKELETON_BYTES) throw invalid('the body is made of too many small pieces')
  const standIns = leaveOut(bytes, scan)
  let json: unknown
  try {
    json = JSON.parse(standIns.skeleton)
  } catch {
    throw invalid('the body is not JSON')
  }
  if (!isRecord(json)) throw invalid('the body must be a JSON object')
  const { model, stream } = json
  if (typeof model !== 'string' || model.trim() === '') throw invalid('model must name a model, an alias or a role such as role:caption', 'model')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') throw invalid('stream must be true or false', 'stream')
  return {
    route,
    bytes,
    scan,
    standIns,
    json,
    model: standIns.head(model, 300),
    stream: stream === true && route !== 'embeddings',
    ...seenIn(route, json, standIns, pictureHosts),
    dropped: DROPPED_FIELDS.filter((field) => field in json),
  }
}

const DEFAULT_FIELDS = ['max_tokens', 'min_tokens', 'temperature', 'top_p', 'top_k', 'frequency_penalty', 'presence_penalty'] as const

/** The entry's defaults that the caller left out. `max_completion_tokens` is the caller's `max_tokens` under its newer name. */
function missingDefaults({ json: given, route }: ChatBody, entry: RegistryEntry): Map<string, string> {
  const defaults = entry.generation_defaults
  const added = new Map<string, string>()
  if (route === 'embeddings') return added
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

/** What is sent instead of what came. */
export interface Changes {
  /** The conversation after trimming, made of values of the skeleton; null for all of it. */
  messages?: readonly Message[] | null
  /** Addresses of pictures that were made smaller, with their quotes. */
  pictures?: ReadonlyMap<LongText, Uint8Array>
}

/** A request whose bytes can be had as they lie. */
export interface PiecewiseRequest extends ChatRequest {
  /** What `encode` gives, in pieces and without a copy. */
  pieces(modelId: string): readonly Uint8Array[]
}

export function toChatRequest(body: ChatBody, entry: RegistryEntry, { messages = null, pictures = new Map() }: Changes = {}): PiecewiseRequest {
  const { bytes, scan, dropped, standIns, route } = body
  const pieces = (modelId: string): Uint8Array[] => {
    const replace = new Map<string, string | readonly Uint8Array[]>([['model', JSON.stringify(modelId)]])
    let edits: Edit[] = []
    if (messages) replace.set('messages', standIns.write(JSON.stringify(messages), pictures))
    else edits = [...pictures].map(([text, by]) => ({ ...text, by: [by] }))
    return rewriteObject(bytes, scan, { replace, add: missingDefaults(body, entry), drop: dropped, edits })
  }
  let parsed: Readonly<Record<string, unknown>> | undefined
  return {
    route,
    get body() {
      parsed ??= JSON.parse(Buffer.concat(pieces(body.model)).toString('utf8')) as Record<string, unknown>
      return parsed
    },
    stream: body.stream,
    pieces,
    encode: (modelId) => Buffer.concat(pieces(modelId)),
  }
}

const LOGGED_OPTIONS = ['temperature', 'top_p', 'top_k', 'max_tokens', 'max_completion_tokens', 'seed', 'n'] as const

/** Numbers only: free text of a caller stays out of the log. */
export function loggedOptions(json: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(LOGGED_OPTIONS.flatMap((name) => (typeof json[name] === 'number' ? [[name, json[name]]] : [])))
}
