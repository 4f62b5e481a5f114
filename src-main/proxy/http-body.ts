/** Reading a request's body within bounds, and answering in JSON. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StudioError } from '../lib/studio-error.ts'
import { type BodyPace, type Slowness, tooSlowAt } from './body/pace.ts'
import { toWireError } from './wire-error.ts'

const tooLarge = (capBytes: number) =>
  new StudioError('payload-too-large', `the request is larger than ${capBytes} bytes`, { data: { maxBytes: capBytes } })

const tooSlow = (why: Slowness, sizeBytes: number, pace: BodyPace) =>
  new StudioError(
    'request-too-slow',
    why === 'idle'
      ? `nothing more of the request arrived for ${pace.idleMs} ms after ${sizeBytes} bytes`
      : `the request arrived more slowly than ${pace.minBytesPerS} bytes a second`,
    { data: { why, receivedBytes: sizeBytes, idleMs: pace.idleMs, minBytesPerS: pace.minBytesPerS }, retry: 'now' },
  )

/** @throws StudioError `request-invalid` (415) unless the body is plain JSON by its own word. */
export function requireJsonType(request: IncomingMessage): void {
  const type = request.headers['content-type'] ?? ''
  const plain = (request.headers['content-encoding'] ?? 'identity') === 'identity'
  if (plain && /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) return
  throw new StudioError('request-invalid', 'the body must be application/json, in UTF-8 and not compressed', { data: { httpStatus: 415 } })
}

export interface BodyLimits {
  maxBodyBytes: number
  pace: BodyPace
}

/**
 * In the parts that came.
 * @throws StudioError `payload-too-large` before more than `maxBodyBytes` are held; `request-too-slow`; `cancelled` when the caller goes away.
 */
export async function readBody(request: IncomingMessage, { maxBodyBytes: capBytes, pace }: BodyLimits): Promise<Buffer[]> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > capBytes) throw tooLarge(capBytes)
  const parts: Buffer[] = []
  let sizeBytes = 0
  const startedAtMs = performance.now()
  let lastAtMs = 0
  return new Promise((resolve, reject) => {
    // One timer that looks again, and not one for each piece: a picture comes in hundreds.
    const watch = () => {
      const nowMs = performance.now() - startedAtMs
      const { atMs, why } = tooSlowAt(pace, sizeBytes, lastAtMs)
      if (nowMs < atMs) return (timer = setTimeout(watch, Math.ceil(atMs - nowMs)))
      done()
      reject(tooSlow(why, sizeBytes, pace))
    }
    let timer = setTimeout(watch, Math.min(pace.idleMs, pace.graceMs))
    const done = () => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('error', gone).off('close', gone)
    }
    const gone = (error?: Error) => {
      done()
      reject(new StudioError('cancelled', 'the caller went away', { cause: error }))
    }
    const onData = (part: Buffer) => {
      sizeBytes += part.length
      lastAtMs = performance.now() - startedAtMs
      parts.push(part)
      if (sizeBytes <= capBytes) return
      done()
      reject(tooLarge(capBytes))
    }
    const onEnd = () => {
      done()
      resolve(parts)
    }
    request.on('data', onData).once('end', onEnd).once('error', gone).once('close', gone)
  })
}

const CONTROL_CAP_BYTES = 64 * 1024

/** The small body of a control request; an empty one reads as `{}`. @throws StudioError `request-invalid` and as `readBody`. */
export async function readSmallJson(request: IncomingMessage, pace: BodyPace): Promise<unknown> {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  // A type that a web page may send unasked is refused even where nothing follows it.
  if (hasBody || request.headers['content-type'] !== undefined) requireJsonType(request)
  if (!hasBody) return {}
  const bytes = Buffer.concat(await readBody(request, { maxBodyBytes: CONTROL_CAP_BYTES, pace }))
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    throw new StudioError('request-invalid', 'the body is not JSON', { data: { param: null } })
  }
}

export function sendText(response: ServerResponse, contentType: string, text: string): void {
  const bytes = Buffer.from(text)
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  response.end(bytes)
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
}

/** Answers with the error's status and envelope; nothing when the caller is gone or already has an answer. Returns the status. */
export function sendError(request: IncomingMessage, response: ServerResponse, error: unknown, headers: Record<string, string> = {}): number {
  const wire = toWireError(error)
  if (response.headersSent || response.destroyed) return wire.status
  const retry: Record<string, string> = wire.retryAfterSeconds === null ? {} : { 'retry-after': String(wire.retryAfterSeconds) }
  if (!request.complete) {
    // What is still being sent is thrown away so that the answer can be read, and the connection is not used again.
    request.resume()
    retry['connection'] = 'close'
  }
  sendJson(response, wire.status, wire.body, { ...headers, ...retry })
  return wire.status
}
