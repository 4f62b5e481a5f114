/** Which models an OpenAI-compatible server says that it serves. */
import { StudioError } from '../../lib/studio-error.ts'
import { type RegistryEntry, servedIdsOf } from '../../registry/entry.ts'
import { readJson, type Upstream, within } from '../http-upstream.ts'

const PROBE_MS = 1_000

/** `ids: null`: it answers, but keeps no list (some gateways). */
export type Listing = { kind: 'models'; ids: string[] | null } | { kind: 'none'; reason: string }

/** Never rejects; bounded to a second or so. */
export async function askServedModels(upstream: Upstream, url: URL, headers: Record<string, string>): Promise<Listing> {
  try {
    const reply = await upstream.request({
      method: 'GET',
      url: new URL(`${url.href}/models`),
      headers,
      timeouts: within(PROBE_MS),
      signal: new AbortController().signal,
    })
    const text = await readJson(reply, url.origin).catch((error: unknown) => {
      if (reply.status === 200) throw error
      return null
    })
    if ([404, 405, 501].includes(reply.status)) return { kind: 'models', ids: null }
    if (reply.status === 401 || reply.status === 403) return { kind: 'none', reason: `the server at ${url.origin} refuses our key` }
    if (reply.status !== 200) return { kind: 'none', reason: `the server at ${url.origin} answers ${reply.status} when asked for its models` }
    return { kind: 'models', ids: idsIn(text) }
  } catch (error) {
    const reason = error instanceof StudioError ? error.message : `no answer from ${url.origin}`
    return { kind: 'none', reason }
  }
}

function idsIn(json: unknown): string[] {
  const data: unknown = typeof json === 'object' && json !== null && 'data' in json ? json.data : undefined
  if (!Array.isArray(data)) return []
  return (data as unknown[]).flatMap((item) => {
    const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined
    return typeof id === 'string' ? [id] : []
  })
}

/** The id under which the server knows the entry, or why it does not. */
export function servedId(entry: RegistryEntry, listing: Listing, url: URL): { id: string } | { reason: string; serves: string[] } {
  if (listing.kind === 'none') return { reason: listing.reason, serves: [] }
  const wanted = servedIdsOf(entry)
  const id = listing.ids === null ? wanted[0] : wanted.find((each) => listing.ids?.includes(each))
  if (id !== undefined) return { id }
  const others = listing.ids?.slice(0, 3).join(', ') || 'nothing'
  return { reason: `the server at ${url.origin} serves ${others}, not ${wanted[0]}`, serves: listing.ids?.slice(0, 10) ?? [] }
}
