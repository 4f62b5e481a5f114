/** The studio that runs in the data folder, asked from another process. */
import http from 'node:http'
import type { Envelope } from '../contract/envelope.ts'
import { type Handlers, routes } from '../contract/routes/index.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { AskedStudio, DeskNote } from '../lib/studio.ts'

/** For the first question alone, which no studio thinks about: loading a model or writing photos takes as long as it takes. */
const THERE_WITHIN_MS = 3000

type Ask = (name: string, input: unknown, withinMs?: number) => Promise<unknown>

const gone = (cause: unknown) => new StudioError('connection-lost', 'the studio ended before it answered', { cause, retry: 'now' })

/** @throws StudioError as the handler did, or `connection-lost`. */
function createAsk({ address, key }: DeskNote): Ask {
  const post = (name: string, body: string, withinMs: number | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization: `Bearer ${key}` }
      const signal = withinMs === undefined ? {} : { signal: AbortSignal.timeout(withinMs) }
      const request = http.request(`${address}/${encodeURIComponent(name)}`, { method: 'POST', headers, ...signal }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')))
        response.on('error', reject)
      })
      request.on('error', reject).end(body)
    })
  return async (name, input, withinMs) => {
    let envelope: Envelope<unknown>
    try {
      envelope = JSON.parse(await post(name, JSON.stringify(input), withinMs)) as typeof envelope
    } catch (error) {
      throw gone(error)
    }
    if (envelope.ok) return envelope.value
    const { code, message, data = {}, retry } = envelope.error
    throw new StudioError(code as StudioError['code'], message, { data, retry })
  }
}

/** Undefined when nobody answers to the note: it was left by a studio that was killed. */
export async function askDesk(note: DeskNote): Promise<AskedStudio | undefined> {
  const ask = createAsk(note)
  try {
    await ask('app.info', {}, THERE_WITHIN_MS)
  } catch {
    return undefined
  }
  return {
    handlers: Object.fromEntries(Object.keys(routes).map((name) => [name, (input: unknown) => ask(name, input)])) as unknown as Handlers,
    paths: {
      importAll: (paths, recursive) => ask('paths.importAll', { paths, recursive }) as ReturnType<AskedStudio['paths']['importAll']>,
      photosUnder: (paths) => ask('paths.photosUnder', paths) as ReturnType<AskedStudio['paths']['photosUnder']>,
      readMetadata: (path) => ask('paths.readMetadata', path) as ReturnType<AskedStudio['paths']['readMetadata']>,
    },
  }
}
