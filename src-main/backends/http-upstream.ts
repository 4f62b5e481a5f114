/**
 * Requests to model servers: bytes as they come, deadlines for each stage, the caller's abort carried through, connections kept and used
 * again. Owns every socket to a model server; `dispose()` ends them.
 */
import http from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import type { BackendReply } from '../registry/serving.ts'
import { piecesOf } from './answer-pieces.ts'

export interface UpstreamTimeouts {
  /** Until the connection stands. */
  connectMs: number
  /** From the request's end until the status line: a server may load a model in between. */
  firstByteMs: number
  /** Between two pieces of the answer. */
  idleMs: number
  /** From the call to the answer's last byte; half an hour when it is left out. */
  totalMs?: number
}

const TOTAL_MS = 1_800_000
export const DEFAULT_TIMEOUTS: UpstreamTimeouts = { connectMs: 5_000, firstByteMs: 300_000, idleMs: 60_000, totalMs: TOTAL_MS }
/** For a short question that is asked aside, such as which models are there. */
export const within = (boundMs: number): UpstreamTimeouts => ({ connectMs: boundMs, firstByteMs: boundMs, idleMs: boundMs, totalMs: boundMs })

export interface UpstreamRequest {
  method: 'GET' | 'POST'
  url: URL
  headers?: Record<string, string>
  /** Whole, or in the pieces in which it lies in memory: joining a picture's would copy it. */
  body?: Uint8Array | readonly Uint8Array[]
  timeouts: UpstreamTimeouts
  signal: AbortSignal
}

export interface Upstream {
  /** Resolves with the status line. @throws StudioError `backend-unreachable`, `backend-timeout`, `backend-failed`, `cancelled`; so does the body. */
  request(request: UpstreamRequest): Promise<BackendReply>
  /** Ends every connection; answers under way break off. */
  dispose(): void
}

export interface UpstreamOptions {
  /** To one origin at a time; further requests wait for one. Far above what a model server answers side by side. */
  maxSocketsPerOrigin?: number
  /** After which an unused connection is closed. */
  idleSocketMs?: number
}

const MAX_IDLE_PER_ORIGIN = 16

export function createUpstream({ maxSocketsPerOrigin = 256, idleSocketMs = 15_000 }: UpstreamOptions = {}): Upstream {
  const pooling = { keepAlive: true, maxSockets: maxSocketsPerOrigin, maxFreeSockets: MAX_IDLE_PER_ORIGIN, timeout: idleSocketMs }
  // An agent keeps one pool for each origin.
  const agents = { 'http:': new http.Agent(pooling), 'https:': new https.Agent(pooling) }
  return {
    async request(request) {
      const agent = agents[request.url.protocol === 'https:' ? 'https:' : 'http:']
      const startedAtMs = performance.now()
      try {
        return await send(request, agent)
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error
        // The server closed a connection that had been left open, before it could work on this request: once more, on a new one.
        const leftMs = Math.max(1, (request.timeouts.totalMs ?? TOTAL_MS) - (performance.now() - startedAtMs))
        return send({ ...request, timeouts: { ...request.timeouts, totalMs: leftMs } }, false)
      }
    },
    dispose() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

/** One request on a connection of its own, for what is asked once. @throws StudioError as `Upstream.request`. */
export const requestUpstream = (request: UpstreamRequest): Promise<BackendReply> => send(request, false)

/** A kept connection that breaks later than this after it got a request may have broken over it: sending again would do the work twice. */
const STALE_WITHIN_MS = 100

/** Not a failure yet: a kept connection turned out to be closed before a byte of an answer came. */
class StaleConnection extends Error {}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'])
/** What writing to, or waiting on, a connection gives that the other side has closed. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE'])

function describeFailure(error: unknown, origin: string): StudioError {
  if (error instanceof StudioError) return error
  const errno = findErrno(error)
  if (errno !== undefined && UNREACHABLE.has(errno)) {
    return new StudioError('backend-unreachable', `no server answers at ${origin} (${errno})`, {
      data: { origin, errno },
      retry: 'later',
      cause: error,
    })
  }
  return new StudioError('backend-failed', `the server at ${origin} broke off (${errno ?? 'unknown'})`, {
    data: { origin, errno },
    retry: 'now',
    cause: error,
  })
}

function timedOut(origin: string, stage: string, boundMs: number): StudioError {
  return new StudioError('backend-timeout', `the server at ${origin} gave nothing for ${boundMs} ms (${stage})`, {
    data: { origin, stage, boundMs },
    retry: 'now',
  })
}

function send(request: UpstreamRequest, agent: http.Agent | false): Promise<BackendReply> {
  const { method, url, headers, body = [], timeouts, signal } = request
  const parts = body instanceof Uint8Array ? [body] : body
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new StudioError('cancelled', 'the caller went away'))
    const client = url.protocol === 'https:' ? https : http
    // Redirects are not followed: photos go to the address that was agreed to and to no other.
    const sent = client.request({
      ...addressOf(url),
      method,
      agent,
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(parts.length === 0
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(parts.reduce((sum, part) => sum + part.length, 0)) }),
        ...headers,
      },
    })
    let stageTimer: NodeJS.Timeout | undefined
    let answer: http.IncomingMessage | undefined
    let sentAtMs = Number.POSITIVE_INFINITY
    /** Why we ended the exchange ourselves; null while we did not. */
    let ending: StudioError | null = null
    const settle = () => {
      clearTimeout(stageTimer)
      clearTimeout(totalTimer)
      signal.removeEventListener('abort', onAbort)
    }
    const end = (reason: StudioError) => {
      ending ??= reason
      settle()
      sent.destroy(reason)
      answer?.destroy(reason)
    }
    const arm = (stage: string, boundMs: number) => {
      clearTimeout(stageTimer)
      stageTimer = setTimeout(() => end(timedOut(url.origin, stage, boundMs)), boundMs)
    }
    const onAbort = () => end(new StudioError('cancelled', 'the caller went away'))
    const { totalMs = TOTAL_MS } = timeouts
    const totalTimer = setTimeout(() => end(timedOut(url.origin, 'the whole answer', totalMs)), totalMs)
    totalTimer.unref()
    signal.addEventListener('abort', onAbort, { once: true })
    sent.once('socket', (socket) => {
      sentAtMs = performance.now()
      const connected = () => arm('waiting for the first byte', timeouts.firstByteMs)
      if (!socket.connecting) return connected()
      arm('connecting', timeouts.connectMs)
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
    })
    sent.on('error', (error) => {
      settle()
      const isEarly = performance.now() - sentAtMs <= STALE_WITHIN_MS
      const stale = ending === null && answer === undefined && sent.reusedSocket && isEarly && CLOSED.has(findErrno(error) ?? '')
      reject(stale ? new StaleConnection() : (ending ?? describeFailure(error, url.origin)))
    })
    sent.once('response', (response) => {
      clearTimeout(stageTimer)
      answer = response
      resolve({
        status: response.statusCode ?? 0,
        headers: flatten(response.headers),
        body: piecesOf(response, {
          idleMs: timeouts.idleMs,
          onIdle: () => response.destroy(timedOut(url.origin, 'between two pieces of the answer', timeouts.idleMs)),
          toError: (cause) => ending ?? describeFailure(cause, url.origin),
          onOver: settle,
        }),
      })
    })
    // Head and pieces leave in one system call.
    sent.cork()
    for (const part of parts) sent.write(part)
    sent.end()
  })
}

/** By address, since a model server's is asked again and again. */
const addresses = new WeakMap<URL, http.RequestOptions>()

function addressOf(url: URL): http.RequestOptions {
  let options = addresses.get(url)
  if (!options) addresses.set(url, (options = urlToHttpOptions(url)))
  return options
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) flat[name] = String(headers[name])
  return flat
}

/** Reads a JSON answer within bounds. @throws StudioError `backend-failed` when it is no JSON or larger than `capBytes`. */
export async function readJson(reply: BackendReply, origin: string, capBytes = 8 * 1024 * 1024): Promise<unknown> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of reply.body) {
    sizeBytes += part.length
    if (sizeBytes > capBytes)
      throw new StudioError('backend-failed', `the server at ${origin} sent more than ${capBytes} bytes`, { data: { origin } })
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
  } catch (error) {
    throw new StudioError('backend-failed', `the server at ${origin} answered something that is not JSON`, { data: { origin }, cause: error })
  }
}
