/** From a request to whoever answers it: guard, calls to models, then the list of questions and orders. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StudioError } from '../lib/studio-error.ts'
import { answerChat, type ChatRouteOptions } from './chat-route.ts'
import { judge } from './guard.ts'
import { readSmallJson, sendError, sendJson, sendText } from './http-body.ts'
import { createMetrics } from './metrics.ts'
import type { ReadCards, Serving } from './ports.ts'
import { backendRoutes } from './routes/backend-routes.ts'
import { gpuRoutes } from './routes/gpu-routes.ts'
import { healthRoute } from './routes/health-route.ts'
import { findRoute } from './routes/http-route.ts'
import { MODEL_CALLS } from './routes/model-calls.ts'
import { modelRoutes } from './routes/model-routes.ts'
import { openApiDocument } from './routes/openapi.ts'
import { profileRoutes } from './routes/profile-routes.ts'

export interface AnswerOptions extends ChatRouteOptions {
  token: () => string | null
  serving: Serving | undefined
  readCards: ReadCards | undefined
  /** That we listen on. */
  port: () => number
  uptimeMs: () => number
}

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers': 'authorization, content-type, x-imageworks-priority, x-imageworks-lease, x-imageworks-caller, x-imageworks-attempt',
  'access-control-max-age': '600',
}

export type Answer = (request: IncomingMessage, response: ServerResponse, work: AbortController) => Promise<void>

export function createAnswer(options: AnswerOptions): Answer {
  const { models, serving, readCards, logger, token } = options
  const routes = [
    ...modelRoutes(models),
    ...profileRoutes(models),
    ...gpuRoutes({ serving, readCards }),
    ...backendRoutes(models, serving, options.reducedContextOf),
    healthRoute(models, serving, options.uptimeMs),
  ]
  const metrics = createMetrics({ serving, readCards })
  const calls: ChatRouteOptions = {
    ...options,
    log: {
      ...options.log,
      write(record) {
        metrics.observe(record)
        options.log.write(record)
      },
    },
  }

  const answerTable = async (request: IncomingMessage, response: ServerResponse, url: URL, signal: AbortSignal): Promise<void> => {
    const method = request.method ?? ''
    if (method === 'GET' && url.pathname === '/metrics') {
      const { contentType, text } = await metrics.read()
      return sendText(response, contentType, text)
    }
    if (method === 'GET' && url.pathname === '/openapi.json') {
      return sendJson(response, 200, openApiDocument(routes, { server: url.origin, needsToken: token() !== null }))
    }
    const found = findRoute(routes, method, url.pathname)
    if (!found) throw new StudioError('unknown-route', `there is no ${method} ${url.pathname.slice(0, 200)}`)
    const { route, name } = found
    const body = route.body ? await readSmallJson(request, options.pace) : {}
    const query = Object.fromEntries(url.searchParams)
    sendJson(response, 200, await route.answer({ query, body, name, headers: request.headers, signal }))
  }

  return async (request, response, work) => {
    const { method = '', url: target = '' } = request
    const port = options.port()
    const verdict = judge({ method, url: target, rawHeaders: request.rawHeaders }, { port, token: token(), origins: options.settings().origins })
    if (!verdict.allowed) {
      const refusal = new StudioError('request-refused', 'not allowed', { data: { httpStatus: verdict.status } })
      sendError(request, response, refusal, { connection: 'close' })
      return
    }
    if (verdict.origin !== null) {
      response.setHeader('access-control-allow-origin', verdict.origin)
      response.setHeader('vary', 'origin')
    }
    if (verdict.preflight) {
      response.writeHead(204, PREFLIGHT).end()
      return
    }
    const callAt = (wanted: string) => (method === 'POST' ? MODEL_CALLS.find(({ path }) => path === wanted) : undefined)
    const plain = callAt(target)
    if (plain) return answerChat({ route: plain.route, request, response, work, headers: {} }, calls)
    const url = new URL(target, `http://127.0.0.1:${port}`)
    const call = callAt(url.pathname)
    if (call) return answerChat({ route: call.route, request, response, work, headers: {} }, calls)
    response.once('close', () => response.writableFinished || work.abort())
    try {
      await answerTable(request, response, url, work.signal)
    } catch (error) {
      if (!(error instanceof StudioError))
        logger.error('proxy.bug', { path: url.pathname, error: error instanceof Error ? error.stack : String(error) })
      sendError(request, response, error)
    }
  }
}
