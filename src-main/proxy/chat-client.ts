/** The studio's own caller: the `openai` package against our own proxy, the same door that anybody else uses. */
import type OpenAI from 'openai'
import { ERROR_CODES, type ErrorCode } from '../contract/errors/index.ts'
import { StudioError } from '../lib/studio-error.ts'

export interface ChatCall {
  rawText: string
  model: string
  backend: string
  finishReason: string | null
}

export interface ChatClientOptions {
  /** For a whole answer in milliseconds, the start of a model included. */
  timeoutMs?: number
  /** Asked for every request; null where the proxy asks for none. */
  token?: () => string | null
}

/** @param baseUrl Of the proxy, with `/v1`. */
export function createChatClient(baseUrl: () => string, { timeoutMs = 900_000, token = () => null }: ChatClientOptions = {}) {
  let client: OpenAI | undefined
  const openClient = async (): Promise<OpenAI> => {
    if (client && client.baseURL === baseUrl()) return client
    const { default: Client } = await import('openai')
    client = new Client({
      baseURL: baseUrl(),
      apiKey: async () => token() ?? 'local',
      maxRetries: 0,
      timeout: timeoutMs,
      defaultHeaders: { 'x-imageworks-caller': 'tagging', 'x-imageworks-priority': 'batch' },
    })
    return client
  }

  /** @throws StudioError of MODEL_ERRORS, `cancelled` */
  return async (body: object, { signal }: { signal: AbortSignal }): Promise<ChatCall> => {
    const openai = await openClient()
    try {
      const request = { ...body, stream: false } as OpenAI.ChatCompletionCreateParamsNonStreaming
      const { data, response } = await openai.chat.completions.create(request, { signal }).withResponse()
      const [choice] = data.choices
      return {
        rawText: choice?.message.content ?? '',
        model: response.headers.get('x-imageworks-model') ?? data.model,
        backend: response.headers.get('x-imageworks-backend') ?? 'remote',
        finishReason: choice?.finish_reason ?? null,
      }
    } catch (error) {
      throw await toStudioError(error, signal)
    }
  }
}

const RETRY_STATUS = new Set([408, 429, 502, 503, 504])

async function toStudioError(error: unknown, signal: AbortSignal): Promise<StudioError> {
  if (signal.aborted) return new StudioError('cancelled', 'the request was cancelled')
  const { APIConnectionError, APIConnectionTimeoutError, APIError } = await import('openai')
  if (error instanceof APIConnectionTimeoutError)
    return new StudioError('backend-timeout', 'the model gave no answer in time', { retry: 'later', cause: error })
  if (error instanceof APIConnectionError) return new StudioError('proxy-unavailable', 'the proxy did not answer', { retry: 'later', cause: error })
  if (error instanceof APIError) {
    const retryAfterS = Number(error.headers?.get('retry-after'))
    return new StudioError(knownCode(codeIn(error.error)) ?? 'backend-failed', error.message, {
      retry: RETRY_STATUS.has(error.status ?? 0) ? 'later' : 'never',
      data: {
        ...dataIn(error.error),
        status: error.status,
        ...(Number.isFinite(retryAfterS) && retryAfterS > 0 ? { retryAfterMs: retryAfterS * 1000 } : {}),
      },
      cause: error,
    })
  }
  return new StudioError('backend-failed', 'the answer of the model could not be read', { cause: error })
}

/** Our proxy says its own code beside OpenAI's. */
function codeIn(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'studio_code' in body ? body.studio_code : undefined
}

/** What the sentence for the user is made of: nearest names, remedies, figures. */
function dataIn(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || !('data' in body)) return {}
  return typeof body.data === 'object' && body.data !== null ? { ...body.data } : {}
}

function knownCode(code: unknown): ErrorCode | undefined {
  return ERROR_CODES.find((each) => each === code)
}
