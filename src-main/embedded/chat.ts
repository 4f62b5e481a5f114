/** The embedded model in the shape of OpenAI's chat completions: what a request asks, and the reply. Pure. */
import { z } from 'zod'
import { STAGES, type Stage } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type Facts, type PhotoContext, photoContext } from './facts.ts'
import { factsToKeywords } from './keywords.ts'
import { factsToCaption, factsToDescription } from './sentences.ts'

/** Decoded size; the view a model sees is far smaller. */
export const LARGEST_IMAGE_BYTES = 24 * 1024 * 1024
const CONTEXT_FENCE = /<photo-facts>([\s\S]*?)<\/photo-facts>/g
const LARGEST_CONTEXT = 4000
const SCHEMA_PREFIX = 'imageworks_'

export interface ChatQuestion {
  /** Name to answer under, as asked for. */
  model: string
  /** null: no schema was asked for; the answer is plain text. */
  stage: Stage | null
  image: Uint8Array
  context: PhotoContext
}

const chatBody = z.object({
  model: z.string().max(200).default('embedded'),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })).min(1),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  response_format: z.object({ type: z.string(), json_schema: z.object({ name: z.string().optional() }).optional() }).nullish(),
})
const contentPart = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
])

/** What any vision model needs of a request. */
export interface VisionRequest {
  model: string
  /** Name of the JSON schema asked for; null for plain text. */
  schemaName: string | null
  image: Uint8Array
  /** Text parts of the system message and of the last user message, in this order, unchanged. */
  texts: string[]
  maxTokens: number | null
}

/**
 * Reads the last user message: one picture as a data: URL, and text.
 * @throws StudioError `request-invalid` or `payload-too-large`.
 */
export function parseVisionRequest(body: unknown): VisionRequest {
  const parsed = chatBody.safeParse(body)
  if (!parsed.success) throw invalid('The body is not a chat completion request.')
  const { model, messages, response_format: format } = parsed.data
  const message = messages.findLast(({ role }) => role === 'user')
  if (!message || !Array.isArray(message.content)) throw invalid('The last user message holds no picture; this model answers about one picture.')
  const parts = message.content.flatMap((part) => {
    const known = contentPart.safeParse(part)
    return known.success ? [known.data] : []
  })
  const images = parts.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []))
  if (images.length !== 1) throw invalid(`The last user message holds ${images.length} pictures; this model answers about one.`)
  const system = messages.flatMap(({ role, content }) => (role === 'system' && typeof content === 'string' ? [content] : []))
  return {
    model,
    schemaName: format && format.type !== 'text' ? (format.json_schema?.name ?? '') : null,
    image: decodeDataUrl(images[0]!),
    texts: [...system, ...parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))],
    maxTokens: parsed.data.max_completion_tokens ?? parsed.data.max_tokens ?? null,
  }
}

/**
 * A request to the embedded model; the context comes in a `<photo-facts>{json}</photo-facts>` fence.
 * All other text is prompt for models that read prompts; it is ignored here, so nothing in it can steer the answer.
 * @throws StudioError `request-invalid` or `payload-too-large`.
 */
export function parseChatRequest(body: unknown): ChatQuestion {
  const { model, schemaName, image, texts } = parseVisionRequest(body)
  const stage = findStage(schemaName)
  if (schemaName !== null && stage === null) {
    const known = STAGES.map((each) => SCHEMA_PREFIX + each).join(', ')
    throw invalid(`The embedded model answers the response formats ${known}, or plain text without one.`)
  }
  return { model, stage, image, context: findContext(texts) }
}

/** The stage that a schema of ours belongs to; null for none and for schemas of others. */
export function findStage(schemaName: string | null): Stage | null {
  return STAGES.find((each) => schemaName === SCHEMA_PREFIX + each) ?? null
}

const invalid = (message: string) => new StudioError('request-invalid', message)

function decodeDataUrl(url: string): Uint8Array {
  const comma = url.indexOf(',')
  const head = url.slice(0, Math.max(0, comma)).toLowerCase()
  if (head !== 'data:image/jpeg;base64' && head !== 'data:image/png;base64')
    throw invalid('The picture must be a data: URL of a JPEG or PNG in base64.')
  const base64 = url.slice(comma + 1)
  if (base64.length > (LARGEST_IMAGE_BYTES * 4) / 3 + 4) {
    throw new StudioError('payload-too-large', `The picture is larger than ${LARGEST_IMAGE_BYTES} bytes.`, {
      data: { limitBytes: LARGEST_IMAGE_BYTES },
    })
  }
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
  const png = bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47
  if (!jpeg && !png) throw invalid('The data: URL holds neither a JPEG nor a PNG.')
  return bytes
}

/** Two fences mean that somebody else's text contains one: then none is believed. */
function findContext(texts: readonly string[]): PhotoContext {
  const fences = texts.flatMap((text) => [...text.matchAll(CONTEXT_FENCE)].map((match) => match[1]!))
  if (fences.length !== 1 || fences[0]!.length > LARGEST_CONTEXT) return {}
  try {
    const parsed = photoContext.safeParse(JSON.parse(fences[0]!))
    return parsed.success ? parsed.data : {}
  } catch {
    // Not JSON: the photo is described without it.
    return {}
  }
}

/** The text of the answer: JSON for a stage, sentences otherwise. */
export function answerText(stage: Stage | null, facts: Facts): string {
  if (stage === 'caption') return JSON.stringify({ caption: factsToCaption(facts) })
  if (stage === 'keywords') return JSON.stringify({ keywords: factsToKeywords(facts) })
  if (stage === 'description') return JSON.stringify({ description: factsToDescription(facts) })
  const keywords = factsToKeywords(facts).filter(({ level }) => level === 'propose')
  const line = keywords.length > 0 ? `\n\nKeywords: ${keywords.map(({ keyword }) => keyword).join(', ')}` : ''
  return factsToDescription(facts) + line
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: { index: 0; message: { role: 'assistant'; content: string; refusal: null }; logprobs: null; finish_reason: 'stop' }[]
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
}

/** @param tag Makes the id unique. @param nowMs Milliseconds since the epoch. Tokens are 0: this model has none. */
export function buildChatReply(model: string, content: string, tag: string, nowMs: number): ChatCompletion {
  return {
    id: `chatcmpl-${tag}`,
    object: 'chat.completion',
    created: Math.floor(nowMs / 1000),
    model,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  }
}
