/** One HTTP request to a model server: bytes as they come, deadlines for each stage, the caller's abort carried through. */
import http from 'node:http'
import https from 'node:https'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import type { BackendReply } from '../registry/serving.ts'

export interface UpstreamTimeouts {
  /** Until the connection stands. */
  connectMs: number
  /** From the request's end until the status line: a server may load a model in between. */
  firstByteMs: number
  /** Between two pieces of the answer. */
  idleMs: number
}

export const DEFAULT_TIMEOUTS: UpstreamTimeouts = { connectMs: 5_000, firstByteMs: 300_000, idleMs: 60_000 }

export interface UpstreamRequest {
  method: 'GET' | 'POST'
  url: URL
  headers?: Record<string, string>
  body?: Buffer
  timeouts: UpstreamTimeouts
  signal: AbortSignal
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'])

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

/** @throws StudioError `backend-unreachable`, `backend-timeout`, `backend-failed`, `cancelled`; so does the body. */
export function requestUpstream(request: UpstreamRequest): Promise<BackendReply> {
  const { method, url, headers, body, timeouts, signal } = request
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new StudioError('cancelled', 'the caller went away'))
    const client = url.protocol === 'https:' ? https : http
    // Redirects are not followed: photos go to the address that was agreed to and to no other.
    const sent = client.request(url, {
      method,
      agent: false,
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
        ...headers,
      },
    })
    let timer: NodeJS.Timeout | undefined
    const arm = (stage: string, boundMs: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => sent.destroy(timedOut(url.origin, stage, boundMs)), boundMs)
    }
    const onAbort = () => sent.destroy(new StudioError('cancelled', 'the caller went away'))
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    arm('connecting', timeouts.connectMs)
    sent.once('socket', (socket) => {
      const connected = () => arm('waiting for the first byte', timeouts.firstByteMs)
      if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
      else connected()
    })
    sent.on('error', (error) => {
      settle()
      reject(describeFailure(error, url.origin))
    })
    sent.once('response', (response) => {
      clearTimeout(timer)
      resolve({
        status: response.statusCode ?? 0,
        headers: flatten(response.headers),
        body: readBody(response, { idleMs: timeouts.idleMs, origin: url.origin, signal, settle }),
      })
    })
    sent.end(body)
  })
}

interface Reading {
  idleMs: number
  origin: string
  signal: AbortSignal
  settle(): void
}

async function* readBody(response: http.IncomingMessage, reading: Reading): AsyncGenerator<Uint8Array, void, undefined> {
  const { idleMs, origin, signal, settle } = reading
  const iterator = response.iterator({ destroyOnReturn: true })
  try {
    for (;;) {
      // The clock runs only while we wait for the server, not while a slow caller holds us back.
      const timer = setTimeout(() => response.destroy(timedOut(origin, 'between two pieces of the answer', idleMs)), idleMs)
      const step = await iterator.next().finally(() => clearTimeout(timer))
      if (step.done) return
      yield step.value as Uint8Array
    }
  } catch (error) {
    if (signal.aborted) throw new StudioError('cancelled', 'the caller went away', { cause: error })
    throw describeFailure(error, origin)
  } finally {
    response.destroy()
    settle()
  }
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))
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
