/** One request to a model from its first byte to its line in the log. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, type RegistryEntry } from '../registry/entry.ts'
import { resolveModelName } from '../registry/resolve.ts'
import type { ModelRoute } from '../registry/serving.ts'
import { bytesOf } from './body/bytes.ts'
import { loggedOptions, readChatBody } from './body/chat-body.ts'
import { fingerprintsOf } from './body/fingerprints.ts'
import { trimmedHeader } from './history/trim-history.ts'
import type { BodyPace } from './body/pace.ts'
import { readBody, requireJsonType, sendError } from './http-body.ts'
import { withContext } from '../registry/with-context.ts'
import type { Admission, Grant, ProxyModels, ReducedContextOf, RequestLog, RequestRecord } from './ports.ts'
import { blankFacts, relay, type RelayFacts } from './relay.ts'
import { readPriority } from './request-headers.ts'
import { blankRecord } from './request-record.ts'
import { type ShapePorts, shapeRequest } from './shape-request.ts'
import { offeredTools } from './tool-calls.ts'

export interface ChatRouteOptions extends Omit<ShapePorts, 'settings'> {
  models: ProxyModels
  reducedContextOf: ReducedContextOf
  admission: Admission
  settings: () => ShapePorts['settings']
  log: RequestLog
  clock: Clock
  logger: Logger
  maxBodyBytes: number
  pace: BodyPace
  keepAliveMs: number
}

export interface Exchange {
  route: ModelRoute
  request: IncomingMessage
  response: ServerResponse
  /** Aborted by whoever ends the request early. */
  work: AbortController
  /** Sent with whatever is answered. */
  headers: Record<string, string>
}

const ROLE_PREFIX = 'role:'

async function findEntry(models: ProxyModels, name: string, record: RequestRecord): Promise<RegistryEntry> {
  if (!name.startsWith(ROLE_PREFIX)) return resolveModelName(await models.registry(), name)
  record.role = name.slice(ROLE_PREFIX.length, ROLE_PREFIX.length + 64)
  return models.modelForRole(name.slice(ROLE_PREFIX.length))
}

/** Usage as the model server counted it, else as we estimate it. */
function noteTokens(record: RequestRecord, facts: RelayFacts, estimateIn: () => number): void {
  if (facts.usage === null && facts.firstContentAtMs === null) return
  record.tokens_estimated = facts.usage === null
  record.tokens_in = facts.usage ? facts.usage.tokensIn : estimateIn()
  record.tokens_out = facts.usage ? facts.usage.tokensOut : facts.textTokens
}

/** Never rejects: every outcome is an answer (or an end to one) and a line in the log. */
export async function answerChat(exchange: Exchange, options: ChatRouteOptions): Promise<void> {
  const { route, request, response, work, headers } = exchange
  const { models, admission, log, clock, logger } = options
  const startedAtMs = clock.ticksMs()
  const record = blankRecord(request.headers, clock)
  const facts = blankFacts()
  const { signal } = work
  let grant: Grant | null = null
  let estimateIn = () => 0
  response.once('close', () => response.writableFinished || work.abort())
  headers['x-imageworks-request'] = record.id
  headers['x-request-id'] = record.id
  const fail = (error: unknown) => {
    record.error_code = error instanceof StudioError ? error.code : 'internal'
    if (record.error_code === 'internal') logger.error('proxy.bug', { id: record.id, error: error instanceof Error ? error.stack : String(error) })
  }
  try {
    requireJsonType(request)
    const priority = readPriority(request.headers)
    const settings = options.settings()
    const body = await readChatBody(bytesOf(await readBody(request, options)), { route, pictureHosts: settings.pictureHosts })
    record.model = body.model.slice(0, 200)
    record.stream = body.stream
    record.options = loggedOptions(body.json)
    record.images.count = body.pictures.length
    const fingerprints = fingerprintsOf(body)
    record.prompt_hash = fingerprints.prompt
    record.images.hash = fingerprints.pictures
    const entry = await findEntry(models, body.model, record)
    record.model = entry.name
    record.backend = backendOf(entry)
    headers['x-imageworks-model'] = entry.name
    headers['x-imageworks-backend'] = record.backend
    if (body.dropped.length > 0) headers['x-imageworks-dropped'] = body.dropped.join(',')

    const { pictureLimits, preparePicture, countTokens } = options
    const shapeFor = async (reduced: number | null) => {
      const as = reduced === null ? entry : withContext(entry, reduced)
      const made = await shapeRequest(body, as, { settings, pictureLimits, preparePicture, countTokens }, signal)
      record.images.bytes = made.pictures.bytes
      record.images.sent_bytes = made.pictures.sentBytes
      record.trimmed = made.trimmed
      estimateIn = made.estimateTokens
      const trimmed = trimmedHeader(made.trimmed)
      delete headers['x-imageworks-trimmed']
      delete headers['x-imageworks-context']
      if (trimmed !== null) headers['x-imageworks-trimmed'] = trimmed
      if (reduced !== null) headers['x-imageworks-context'] = String(reduced)
      return made.request
    }
    const contextBefore = options.reducedContextOf(entry.name)
    let shaped = await shapeFor(contextBefore)

    grant = await admission.admit(entry, { priority, signal })
    record.queue_ms = Math.round(grant.queueMs)
    record.load_ms = Math.round(grant.loadMs)
    headers['x-imageworks-queue-ms'] = String(record.queue_ms)
    headers['x-imageworks-load-ms'] = String(record.load_ms)
    // The load that this request waited for may have got less memory than was hoped for.
    const context = options.reducedContextOf(entry.name)
    if (context !== contextBefore) shaped = await shapeFor(context)
    const reply = await models.backendFor(entry).chat(entry, shaped, signal)
    await relay(reply, body.stream, {
      response,
      headers,
      signal,
      ticksMs: () => clock.ticksMs(),
      facts,
      list: route === 'embeddings' ? 'data' : 'choices',
      offeredTools: offeredTools(body.json),
      keepAliveMs: options.keepAliveMs,
    })
    record.status = 200
    if (facts.brokenBy !== undefined) fail(facts.brokenBy)
  } catch (error) {
    fail(error)
    record.status = sendError(request, response, error, headers)
  } finally {
    grant?.release()
    // Whatever the backend still does for this request is for nobody now.
    if (record.error_code !== null) work.abort()
    record.first_token_ms = facts.firstContentAtMs === null ? null : Math.round(facts.firstContentAtMs - startedAtMs)
    record.total_ms = Math.round(clock.ticksMs() - startedAtMs)
    record.finish_reason = facts.finishReason
    noteTokens(record, facts, estimateIn)
    log.write(record)
  }
}
