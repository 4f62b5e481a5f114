/** The OpenAPI 3.1 document of the proxy, made of the schemas by which its requests are read. Pure. */
import { z } from 'zod'
import type { HttpRoute } from './http-route.ts'
import { MODEL_CALLS } from './model-calls.ts'
import * as schema from './schemas.ts'

type Json = Record<string, unknown>

function toSchema(type: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...made } = z.toJSONSchema(type, { io, unrepresentable: 'any' })
  return made
}

const json = (made: Json) => ({ content: { 'application/json': { schema: made } } })
const FAILURE = { description: 'What went wrong, in the envelope of OpenAI', ...json({ $ref: '#/components/schemas/Failure' }) }

function parametersOf(route: HttpRoute): Json[] {
  const named = /\{(\w+)\}/.exec(route.path)?.[1]
  const inPath = named === undefined ? [] : [{ name: named, in: 'path', required: true, schema: { type: 'string' } }]
  if (!route.query) return inPath
  const { properties = {}, required = [] } = toSchema(route.query, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return [...inPath, ...Object.entries(properties).map(([name, made]) => ({ name, in: 'query', required: required.includes(name), schema: made }))]
}

function operationOf(route: HttpRoute): Json {
  const parameters = parametersOf(route)
  return {
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: json(toSchema(route.body, 'input')) } : {}),
    responses: { 200: { description: 'OK', ...json(toSchema(route.reply, 'output')) }, default: FAILURE },
  }
}

const PRIORITY = {
  name: 'x-imageworks-priority',
  in: 'header',
  required: false,
  description: 'Who waits for the answer',
  schema: { type: 'string', enum: ['interactive', 'batch', 'prefetch'], default: 'interactive' },
}

function callOperation(call: (typeof MODEL_CALLS)[number]): Json {
  const whole = json(toSchema(call.reply, 'output')).content
  const content = call.streams ? { ...whole, 'text/event-stream': { schema: { type: 'string' } } } : whole
  return {
    summary: call.summary,
    parameters: [PRIORITY],
    requestBody: { required: true, ...json(toSchema(call.body, 'input')) },
    responses: { 200: { description: 'The answer of the model, as it came', content }, default: FAILURE },
  }
}

export function openApiDocument(routes: readonly HttpRoute[], facts: { server: string; needsToken: boolean }): Json {
  const paths: Record<string, Json> = {}
  const put = (path: string, method: string, operation: Json) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  for (const call of MODEL_CALLS) put(call.path, 'post', callOperation(call))
  for (const route of routes) put(route.path, route.method, operationOf(route))
  put('/metrics', 'get', {
    summary: 'Measurements in the text format of Prometheus.',
    responses: { 200: { description: 'OK', content: { 'text/plain': { schema: { type: 'string' } } } } },
  })
  put('/openapi.json', 'get', { summary: 'This document.', responses: { 200: { description: 'OK', ...json({ type: 'object' }) } } })
  return {
    openapi: '3.1.0',
    info: { title: 'ImageWorks Studio proxy', version: '1', description: 'An OpenAI-compatible door to the models of this machine.' },
    servers: [{ url: facts.server }],
    paths,
    components: {
      schemas: { Failure: toSchema(schema.failure, 'output') },
      ...(facts.needsToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(facts.needsToken ? { security: [{ token: [] }] } : {}),
  }
}
