/** The running studio's desk on loopback: one POST address a request, the envelope of every transport as its answer. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { Envelope } from '../contract/envelope.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import type { AskedStudio, DeskNote, Studio } from '../lib/studio.ts'

const HOST = '127.0.0.1'
const MAX_BODY_BYTES = 16 * 1024 * 1024

const somePaths = z.array(z.string().min(1)).min(1)

/** Doors that take paths, by the name under which they are asked for. */
function pathDoors(paths: AskedStudio['paths']): Record<string, (input: unknown) => unknown> {
  return {
    'paths.importAll': (input) => {
      const { paths: wanted, recursive } = z.object({ paths: somePaths, recursive: z.boolean() }).parse(input)
      return paths.importAll(wanted, recursive)
    },
    'paths.photosUnder': (input) => paths.photosUnder(somePaths.parse(input)),
    'paths.readMetadata': (input) => paths.readMetadata(z.string().min(1).parse(input)),
  }
}

async function envelopeOf(work: () => unknown): Promise<Envelope<unknown>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    const known = error instanceof z.ZodError ? new StudioError('invalid-request', z.prettifyError(error)) : error
    return { ok: false, error: { ...toProblem(known), retry: known instanceof StudioError ? known.retry : 'never' } }
  }
}

function isKey(given: string | undefined, key: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(`Bearer ${key}`)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The status to refuse with; undefined for a caller that read the note. */
function refuse({ method, headers }: IncomingMessage, own: { port: number; key: string }): number | undefined {
  if (headers.host !== `${HOST}:${own.port}` || headers.origin !== undefined || method !== 'POST') return 403
  if (headers['content-type'] !== 'application/json') return 415
  return isKey(headers.authorization, own.key) ? undefined : 401
}

/** Undefined when it is larger than may be. */
async function readWhole(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes > MAX_BODY_BYTES) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Starts to listen on a free port. `stop` is idempotent and cuts off who still waits for an answer. */
export async function serveDesk(studio: Pick<Studio, 'dispatch' | 'paths'>): Promise<{ note: DeskNote; stop(): Promise<void> }> {
  const key = randomBytes(24).toString('base64url')
  const doors = pathDoors(studio.paths)
  let port = 0

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const end = (status: number) => response.writeHead(status, { connection: 'close' }).end()
    const refusal = refuse(request, { port, key })
    if (refusal !== undefined) return end(refusal)
    const body = await readWhole(request)
    if (body === undefined) return end(413)
    const name = decodeURIComponent((request.url ?? '/').slice(1))
    let input: unknown
    try {
      input = JSON.parse(body)
    } catch {
      return end(400)
    }
    const door = Object.hasOwn(doors, name) ? doors[name] : undefined
    const envelope = await (door ? envelopeOf(() => door(input)) : studio.dispatch(name, input))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(envelope))
  }

  const server = http.createServer((request, response) => {
    // A command that was stopped is no error of ours.
    response.on('error', () => undefined)
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HOST, () => resolve())
  })
  port = (server.address() as AddressInfo).port
  return {
    note: { address: `http://${HOST}:${port}`, key },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
