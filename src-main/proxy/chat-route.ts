/** One chat request from its first byte to its line in the log. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, type RegistryEntry, seesPictures } from '../registry/entry.ts'
import { resolveModelName } from '../registry/resolve.ts'
import { loggedOptions, readChatBody, toChatRequest } from './chat-body.ts'
import { readBody, requireJsonType, sendError } from './http-body.ts'
import type { ProxyModels, RequestLog, RequestRecord } from './ports.ts'
import { relay, type RelayFacts } from './relay.ts'

export interface ChatRouteOptions {
  models: ProxyModels
  log: RequestLog
  clock: Clock
  logger: Logger
  maxBodyBytes: number
}

const ROLE_PREFIX = 'role:'

function blankRecord(request: IncomingMessage, clock: Clock): RequestRecord {
  const named = request.headers['x-imageworks-caller'] ?? request.headers['user-agent']
  const agent = (Array.isArray(named) ? named[0] : named)?.replace(/[^\x20-\x7e]/g, '').slice(0, 80)
  return {
    id: randomUUID(),
    time: new Date(clock.nowMs()).toISOString(),
    caller: agent === undefined || agent === '' ? null : agent,
    role: null,
    model: null,
    backend: null,
    prompt_hash: null,
    options: {},
    images: { count: 0, bytes: 0, hash: null },
    stream: false,
    first_token_ms: null,
    total_ms: 0,
    tokens_in: null,
    tokens_out: null,
    finish_reason: null,
    status: 0,
    error_code: null,
  }
}

async function findEntry(models: ProxyModels, name: string, record: RequestRecord): Promise<RegistryEntry> {
  if (!name.startsWith(ROLE_PREFIX)) return resolveModelName(await models.registry(), name)
  record.role = name.slice(ROLE_PREFIX.length, ROLE_PREFIX.length + 64)
  return models.modelForRole(name.slice(ROLE_PREFIX.length))
}

/** Never rejects: every outcome is an answer (or an end to one) and a line in the log. `work` is aborted by whoever ends the request early. */
export async function answerChat(
  request: IncomingMessage,
  response: ServerResponse,
  work: AbortController,
  options: ChatRouteOptions,
): Promise<void> {
  const { models, log, clock, logger, maxBodyBytes } = options
  const startedAtMs = clock.ticksMs()
  const record = blankRecord(request, clock)
  const facts: RelayFacts = { firstContentAtMs: null, finishReason: null, usage: null, brokenBy: undefined }
  const { signal } = work
  response.once('close', () => work.abort())
  const headers: Record<string, string> = { 'x-imageworks-request': record.id }
  const fail = (error: unknown) => {
    record.error_code = error instanceof StudioError ? error.code : 'internal'
    if (record.error_code === 'internal') logger.error('proxy.bug', { id: record.id, error: error instanceof Error ? error.stack : String(error) })
  }
  try {
    requireJsonType(request)
    const body = readChatBody(await readBody(request, maxBodyBytes))
    Object.assign(record, { model: body.model.slice(0, 200), stream: body.stream, images: body.images, prompt_hash: body.promptHash })
    record.options = loggedOptions(body.json)
    const entry = await findEntry(models, body.model, record)
    Object.assign(record, { model: entry.name, backend: backendOf(entry) })
    headers['x-imageworks-model'] = entry.name
    headers['x-imageworks-backend'] = backendOf(entry)
    if (body.dropped.length > 0) headers['x-imageworks-dropped'] = body.dropped.join(',')
    if (body.images.count > 0 && !seesPictures(entry)) {
      throw new StudioError('capability-mismatch', `${entry.name} is not known to see pictures`, { data: { name: entry.name, capability: 'vision' } })
    }
    const reply = await models.backendFor(entry).chat(entry, toChatRequest(body, entry), signal)
    await relay(reply, body.stream, { response, headers, signal, ticksMs: () => clock.ticksMs(), facts })
    record.status = 200
    if (facts.brokenBy !== undefined) fail(facts.brokenBy)
  } catch (error) {
    fail(error)
    record.status = sendError(request, response, error, headers)
  } finally {
    // Whatever the backend still does for this request is for nobody now.
    work.abort()
    record.first_token_ms = facts.firstContentAtMs === null ? null : Math.round(facts.firstContentAtMs - startedAtMs)
    record.total_ms = Math.round(clock.ticksMs() - startedAtMs)
    record.tokens_in = facts.usage?.tokensIn ?? null
    record.tokens_out = facts.usage?.tokensOut ?? null
    record.finish_reason = facts.finishReason
    log.write(record)
  }
}
