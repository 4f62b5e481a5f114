/** A question or an order over HTTP: what may be asked, what comes back, and who answers. One list serves the dispatch and the OpenAPI document. */
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { nearestNames } from '../../lib/nearest.ts'
import { StudioError } from '../../lib/studio-error.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Asked<Q, B> {
  query: Q
  body: B
  /** What stands for the name in the path, decoded; empty where the path has none. */
  name: string
  headers: IncomingHttpHeaders
  /** Aborted when the caller goes away. */
  signal: AbortSignal
}

export interface HttpRoute {
  method: Method
  /** As OpenAPI writes it, with at most one name in braces. */
  path: string
  summary: string
  query: z.ZodType | null
  body: z.ZodType | null
  reply: z.ZodType
  /** Parses and answers. @throws StudioError; `request-invalid` names the field. */
  answer(raw: Asked<unknown, unknown>): Promise<unknown>
}

interface Declared<Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> {
  method: Method
  path: string
  summary: string
  query?: Q
  body?: B
  reply: R
  answer(asked: Asked<z.output<Q>, z.output<B>>): Promise<z.input<R>> | z.input<R>
}

function refuseUnknown(name: string, schema: z.ZodType): never {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const nearest = nearestNames(name.slice(0, 200), known, 1)
  const meant = nearest[0] === undefined ? '' : `; did you mean ${nearest[0]}?`
  throw new StudioError('request-invalid', `there is no parameter ${name.slice(0, 200)}${meant}`, {
    data: { param: name.slice(0, 200), known, nearest },
  })
}

/** @throws StudioError `request-invalid` with the field in `param`. */
function parse(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') refuseUnknown(issue.keys[0] ?? '', schema)
  const param = issue?.path.join('.') ?? ''
  throw new StudioError('request-invalid', param === '' ? `the request is not as it should be: ${issue?.message}` : `${param}: ${issue?.message}`, {
    data: { param: param === '' ? null : param },
  })
}

export function httpRoute<Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(declared: Declared<Q, B, R>): HttpRoute {
  const { query, body, answer } = declared
  return {
    ...declared,
    query: query ?? null,
    body: body ?? null,
    answer: async (raw) =>
      answer({
        ...raw,
        query: (query ? parse(query, raw.query) : {}) as z.output<Q>,
        body: (body ? parse(body, raw.body) : {}) as z.output<B>,
      }),
  }
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new StudioError('request-invalid', 'the name in the address is damaged', { data: { param: 'name' } })
  }
}

/** Names may hold slashes, escaped or not: they are what lies between the fixed ends of the path. */
function nameIn(template: string, pathname: string): string | null {
  const open = template.indexOf('{')
  if (open < 0) return template === pathname ? '' : null
  const [before, after] = [template.slice(0, open), template.slice(template.indexOf('}') + 1)]
  const fits = pathname.startsWith(before) && pathname.endsWith(after) && pathname.length > before.length + after.length
  return fits ? decodeName(pathname.slice(before.length, pathname.length - after.length)) : null
}

/** The first that fits, so fixed paths stand before those with names. @throws StudioError `request-invalid` for a damaged name. */
export function findRoute(routes: readonly HttpRoute[], method: string, pathname: string): { route: HttpRoute; name: string } | null {
  for (const route of routes) {
    if (route.method !== method) continue
    const name = nameIn(route.path, pathname)
    if (name !== null) return { route, name }
  }
  return null
}

/** For a route whose part of the studio was not built in. */
export const notHere = (what: string): StudioError => new StudioError('proxy-unavailable', `${what} is not part of this studio`)
