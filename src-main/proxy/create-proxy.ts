/** The studio's own OpenAI-compatible door on 127.0.0.1: the tagger uses it, and so may any other program of this user. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { createAnswer } from './answer-request.ts'
import { BODY_PACE, type BodyPace } from './body/pace.ts'
import { DEFAULT_PROXY_SETTINGS, OPEN_ADMISSION } from './defaults.ts'
import type { Admission, CountTokens, PreparePicture, ProxyModels, ProxySettings, ReadCards, ReducedContextOf, RequestLog, Serving } from './ports.ts'

const HOST = '127.0.0.1'
const PORTS_TRIED = 20
const MAX_CONNECTIONS = 512
const HEADERS_WITHIN_MS = 10_000
/** Between two requests on one connection: longer than clients keep theirs, so that none sends into a connection that we are closing. */
const IDLE_WITHIN_MS = 60_000
/** For a whole request to arrive, whatever becomes of it: behind the pace that a body must keep. Answering takes as long as it takes. */
const REQUEST_WITHIN_MS = 600_000
const MIB = 1024 * 1024

export interface ProxyLimits {
  /** Of a whole request. */
  maxBodyBytes: number
  /** Of one picture, base64 undone. */
  maxPictureBytes: number
  /** Of one picture, width times height. */
  maxPicturePixels: number
  bodyPace: BodyPace
  headersWithinMs: number
  requestWithinMs: number
  /** Silence of a stream after which a comment is sent. */
  keepAliveMs: number
}

const LIMITS: ProxyLimits = {
  maxBodyBytes: 32 * MIB,
  maxPictureBytes: 20 * MIB,
  maxPicturePixels: 100_000_000,
  bodyPace: BODY_PACE,
  headersWithinMs: HEADERS_WITHIN_MS,
  requestWithinMs: REQUEST_WITHIN_MS,
  keepAliveMs: 15_000,
}

export interface ProxyOptions {
  /** First port tried; 0 takes any free one. */
  port: number
  models: ProxyModels
  log: RequestLog
  clock: Clock
  logger: Logger
  /** Read anew by every request: what it must carry as a bearer token; null, or left out: nothing. */
  token?: () => string | null
  limits?: Partial<ProxyLimits>
  /** Read anew by every request. */
  settings?: () => ProxySettings
  /** Without it every model may be used by everybody at once. */
  admission?: Admission
  /** Without one of these, the routes that need it answer 503. */
  serving?: Serving
  readCards?: ReadCards
  /** Without it pictures go on as they come. */
  preparePicture?: PreparePicture
  /** Without it tokens are estimated. */
  countTokens?: CountTokens
  /** Without it every model serves the context of its entry. */
  reducedContextOf?: ReducedContextOf
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

export function createProxy(options: ProxyOptions): Proxy {
  const { clock, logger, log } = options
  const limits = { ...LIMITS, ...options.limits }
  const working = new Map<AbortController, Promise<void>>()
  let startedAtMs = clock.ticksMs()
  let port = 0
  let stopping: Promise<void> | null = null

  const answer = createAnswer({
    models: options.models,
    log,
    clock,
    logger,
    token: options.token ?? (() => null),
    settings: options.settings ?? (() => DEFAULT_PROXY_SETTINGS),
    admission: options.admission ?? OPEN_ADMISSION,
    serving: options.serving,
    readCards: options.readCards,
    preparePicture: options.preparePicture,
    countTokens: options.countTokens,
    reducedContextOf: options.reducedContextOf ?? (() => null),
    maxBodyBytes: limits.maxBodyBytes,
    pace: limits.bodyPace,
    pictureLimits: { maxBytes: limits.maxPictureBytes, maxPixels: limits.maxPicturePixels },
    keepAliveMs: limits.keepAliveMs,
    port: () => port,
    uptimeMs: () => clock.ticksMs() - startedAtMs,
  })

  const finish = async (request: http.IncomingMessage, response: http.ServerResponse, work: AbortController): Promise<void> => {
    try {
      await answer(request, response, work)
    } catch (error) {
      logger.error('proxy.bug', { error: error instanceof Error ? error.stack : String(error) })
      response.destroy()
    }
    working.delete(work)
  }

  const patience = {
    // We look at the Host ourselves, and answer alike whatever is wrong with it.
    requireHostHeader: false,
    connectionsCheckingInterval: Math.min(5_000, limits.requestWithinMs),
    headersTimeout: Math.min(limits.headersWithinMs, limits.requestWithinMs),
    requestTimeout: limits.requestWithinMs,
  }
  const server = http.createServer(patience, (request, response) => {
    // A caller that goes away is not an error of ours.
    response.on('error', () => undefined)
    const work = new AbortController()
    working.set(work, finish(request, response, work))
  })
  server.maxConnections = MAX_CONNECTIONS
  server.keepAliveTimeout = IDLE_WITHIN_MS

  const ports = options.port === 0 ? [0] : Array.from({ length: PORTS_TRIED }, (_, i) => options.port + i).filter((port) => port <= 65_535)

  return {
    async start() {
      for (const wanted of ports) {
        if (!(await listen(server, wanted))) continue
        startedAtMs = clock.ticksMs()
        port = (server.address() as AddressInfo).port
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
        for (const work of working.keys()) work.abort()
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        await Promise.all(working.values())
        server.closeAllConnections()
        await closed
        await log.flush()
      })()
      return stopping
    },
  }
}
