/** Asks a server on a loopback port how it is and which models it serves. */
import http from 'node:http'

const TIMEOUT_MS = 2_000
const BODY_CAP_BYTES = 1024 * 1024

export type ServerAnswer =
  | { kind: 'silent' }
  /** It speaks, but says that it is not ready. */
  | { kind: 'loading' }
  | { kind: 'serving'; ids: string[] }

interface Reply {
  status: number
  text: string
}

function get(port: number, path: string, signal: AbortSignal | undefined): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const bound = AbortSignal.timeout(TIMEOUT_MS)
    const ends = signal ? AbortSignal.any([signal, bound]) : bound
    const request = http.get({ host: '127.0.0.1', port, path, agent: false, signal: ends }, (response) => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > BODY_CAP_BYTES) request.destroy()
        else parts.push(part)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }))
      response.on('close', () => resolve(undefined))
    })
    request.on('error', () => resolve(undefined))
  })
}

function idsIn(text: string): string[] | undefined {
  try {
    const body = JSON.parse(text) as { data?: unknown }
    if (!Array.isArray(body.data)) return undefined
    return body.data.flatMap((item: unknown) =>
      typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string' ? [item.id] : [],
    )
  } catch {
    return undefined
  }
}

/** Never rejects; at most 4 s. Some servers list their model while they load it, so the health answer counts first. */
export async function askServer(port: number, healthPath: string, signal?: AbortSignal): Promise<ServerAnswer> {
  const health = await get(port, healthPath, signal)
  if (health === undefined) return { kind: 'silent' }
  // Without such a route the list has to do.
  if (health.status !== 404 && (health.status < 200 || health.status > 299)) return { kind: 'loading' }
  const models = await get(port, '/v1/models', signal)
  if (models === undefined) return { kind: 'silent' }
  const ids = models.status === 200 ? idsIn(models.text) : undefined
  return ids === undefined ? { kind: 'loading' } : { kind: 'serving', ids }
}
