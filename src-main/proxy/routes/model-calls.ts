/** The calls that go on to a model. Pure. */
import type { z } from 'zod'
import type { ModelRoute } from '../../registry/serving.ts'
import * as schema from './schemas.ts'

export interface ModelCall {
  path: string
  route: ModelRoute
  summary: string
  body: z.ZodType
  reply: z.ZodType
  streams: boolean
}

export const MODEL_CALLS: readonly ModelCall[] = [
  {
    path: '/v1/chat/completions',
    route: 'chat/completions',
    summary: 'A conversation, with pictures as data: addresses.',
    body: schema.chatRequest,
    reply: schema.choicesReply,
    streams: true,
  },
  {
    path: '/v1/completions',
    route: 'completions',
    summary: 'A text to be continued.',
    body: schema.completionRequest,
    reply: schema.choicesReply,
    streams: true,
  },
  {
    path: '/v1/embeddings',
    route: 'embeddings',
    summary: 'Texts as vectors.',
    body: schema.embeddingRequest,
    reply: schema.embeddingReply,
    streams: false,
  },
]
