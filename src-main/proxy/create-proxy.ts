/** The studio's own OpenAI-compatible door on 127.0.0.1: the tagger uses it, and so may any other program of this user. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { answerChat, type ChatRouteOptions } from './chat-route.ts'
import { judge } from './guard.ts'
import { sendError, sendJson } from './http-body.ts'
import { listModels, selectByRole, showModel, showProfile } from './model-routes.ts'
import type { ProxyModels, RequestLog } from './ports.ts'

const HOST = '127.0.0.1'
const PORTS_TRIED = 20
const MAX_CONNECTIONS = 512
const HEADERS_WITHIN_MS = 10_000
/** For a whole request to arrive; answering takes as long as it takes. */
const REQUEST_WITHIN_MS = 120_000

export interface ProxyOptions {
  /** First port tried; 0 takes any free one. */
  port: number
  models: ProxyModels
  log: RequestLog
  clock: Clock
  logger: Logger
  /** When set, every request must carry it as a bearer token. */
  token?: string | null
  maxBodyBytes?: number
}

export interface Proxy {
  /**
   * `url` ends in `/v1`, as OpenAI's clients want it; `note` says so when another port than the wanted one was taken.
   * @throws StudioError `proxy-unavailable` when no port can be opened.
   */
  start(): Promise<{ url: string; port: number; note: string | null }>
  /** Idempotent; requests in work are ended and the log is written out. */
  stop(): Promise<void>
}

/** False when the port belongs to somebody else. */
function listen(server: http.Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => {
      server.off('listening', onListening)
      if (['EADDRINUSE', 'EACCES'].includes(findErrno(error) ?? '')) resolve(false)
      else
        reject(
          new StudioError('proxy-unavailable', `the proxy cannot listen on ${HOST}:${port}`, {
            data: { port, errno: findErrno(error) },
            cause: error,
          }),
        )
    }
    const onListening = () => {
      server.off('error', onError)
      resolve(true)
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen({ port, host: HOST, exclusive: true })
  })
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new StudioError('request-invalid', 'the model name in the address is damaged', { data: { param: 'id' } })
  }
}

export function createProxy(options: ProxyOptions): Proxy {
  const { models, clock, logger, log, token = null, maxBodyBytes = 32 * 1024 * 1024 } = options
  const chat: ChatRouteOptions = { models, log, clock, logger, maxBodyBytes }
  const working = new Map<Promise<void>, AbortController>()
  let startedAtMs = 0
  let stopping: Promise<void> | null = null

  const answerGet = (url: URL): Promise<unknown> | unknown => {
    const { pathname, searchParams } = url
    if (pathname === '/v1/models') return listModels(models, searchParams)
    if (pathname === '/v1/models/select_by_role') return selectByRole(models, searchParams)
    if (pathname.startsWith('/v1/models/')) return showModel(models, decodeName(pathname.slice('/v1/models/'.length)))
    if (pathname === '/v1/config/profile') return showProfile(models)
    if (pathname === '/v1/health') return { status: 'ok', uptime_seconds: Math.round((clock.ticksMs() - startedAtMs) / 1000) }
    return undefined
  }

  const answer = async (request: http.IncomingMessage, response: http.ServerResponse, work: AbortController): Promise<void> => {
    const { port } = server.address() as AddressInfo
    const verdict = judge({ method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders }, port, token)
    if (!verdict.allowed) {
      const refusal = new StudioError('request-refused', 'not allowed', { data: { httpStatus: verdict.status } })
      sendError(request, response, refusal, { connection: 'close' })
      return
    }
    const url = new URL(`http://${HOST}${request.url ?? '/'}`)
    if (request.method === 'POST' && url.pathname === '/v1/chat/completions') return answerChat(request, response, work, chat)
    try {
      const body = request.method === 'GET' ? await answerGet(url) : undefined
      if (body === undefined) throw new StudioError('unknown-route', `there is no ${request.method} ${url.pathname.slice(0, 200)}`)
      sendJson(response, 200, body)
    } catch (error) {
      if (!(error instanceof StudioError))
        logger.error('proxy.bug', { path: url.pathname, error: error instanceof Error ? error.stack : String(error) })
      sendError(request, response, error)
    }
  }

  const limits = {
    requireHostHeader: false,
    connectionsCheckingInterval: 5_000,
    headersTimeout: HEADERS_WITHIN_MS,
    requestTimeout: REQUEST_WITHIN_MS,
  }
  const server = http.createServer(limits, (request, response) => {
    // A caller that goes away is not an error of ours.
    response.on('error', () => undefined)
    const work = new AbortController()
    const answered = answer(request, response, work).catch((error: unknown) => {
      logger.error('proxy.bug', { error: error instanceof Error ? error.stack : String(error) })
      response.destroy()
    })
    working.set(answered, work)
    void answered.finally(() => working.delete(answered))
  })
  server.maxConnections = MAX_CONNECTIONS

  const ports = options.port === 0 ? [0] : Array.from({ length: PORTS_TRIED }, (_, i) => options.port + i).filter((port) => port <= 65_535)

  return {
    async start() {
      for (const wanted of ports) {
        if (!(await listen(server, wanted))) continue
        startedAtMs = clock.ticksMs()
        const { port } = server.address() as AddressInfo
        const moved = wanted !== options.port
        return {
          url: `http://${HOST}:${port}/v1`,
          port,
          note: moved ? `Port ${options.port} is taken by another program; the proxy listens on ${port}.` : null,
        }
      }
      const last = ports.at(-1)
      throw new StudioError('proxy-unavailable', `every port from ${options.port} to ${last} is taken`, { data: { port: options.port, last } })
    },
    stop() {
      stopping ??= (async () => {
        for (const work of working.values()) work.abort()
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        await Promise.all(working.keys())
        server.closeAllConnections()
        await closed
        await log.flush()
      })()
      return stopping
    },
  }
}
