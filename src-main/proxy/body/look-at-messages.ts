/** What stands in a conversation: its texts and its pictures, with where they stand. Refuses what must not pass. Pure. */
import { StudioError } from '../../lib/studio-error.ts'
import type { LongText } from './json-scan.ts'
import type { StandIns } from './stand-ins.ts'

export type Message = Readonly<Record<string, unknown>>

export interface Picture {
  /** Where it stands, for errors: `messages.2.content.1`. */
  param: string
  /** Its address as the skeleton holds it. */
  address: string
  /** Where its bytes lie; null for a picture at an address elsewhere. */
  data: LongText | null
}

export interface Seen {
  pictures: Picture[]
  /** As the skeleton holds them. */
  texts: string[]
}

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

export function invalid(message: string, param: string | null = null): StudioError {
  return new StudioError('request-invalid', message, { data: { param } })
}

/** The addresses in a part of kind `image_url`, `video_url`, `audio_url` …, as an object or as plain text. */
export function findAddresses(part: Readonly<Record<string, unknown>>): { kind: string; address: string }[] {
  return Object.entries(part).flatMap(([kind, value]) => {
    if (!kind.endsWith('_url')) return []
    const address = isRecord(value) ? value['url'] : value
    return [{ kind, address: typeof address === 'string' ? address : '' }]
  })
}

function isAllowedElsewhere(kind: string, address: string, hosts: readonly string[]): boolean {
  if (kind !== 'image_url' || hosts.length === 0 || !URL.canParse(address)) return false
  const url = new URL(address)
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && hosts.includes(url.hostname)
}

/** @throws StudioError `request-invalid` with the place in `param`. */
function pictureAt(part: Readonly<Record<string, unknown>>, param: string, standIns: StandIns, hosts: readonly string[]): Picture | undefined {
  const [first, ...others] = findAddresses(part)
  if (!first) return undefined
  // Which of two counts would be the server's guess.
  if (others.length > 0) throw invalid('a part holds one address', param)
  const { kind, address } = first
  const data = standIns.find(address)
  const start = standIns.head(address, 256)
  if (data && /^data:image\//i.test(start)) return { param, address, data }
  if (!data && isAllowedElsewhere(kind, address, hosts)) return { param, address, data: null }
  throw invalid('pictures are taken only inside the request, as data:image/… addresses; nothing is fetched', param)
}

export function lookAtMessages(messages: readonly unknown[], standIns: StandIns, hosts: readonly string[]): Seen {
  const seen: Seen = { pictures: [], texts: [] }
  for (const [i, message] of messages.entries()) {
    if (!isRecord(message)) throw invalid('every message must be an object', `messages.${i}`)
    const content = message['content']
    if (typeof content === 'string') seen.texts.push(content)
    if (!Array.isArray(content)) continue
    for (const [j, part] of (content as unknown[]).entries()) {
      if (!isRecord(part)) throw invalid('every part of a message must be an object', `messages.${i}.content.${j}`)
      if (typeof part['text'] === 'string') seen.texts.push(part['text'])
      const picture = pictureAt(part, `messages.${i}.content.${j}`, standIns, hosts)
      if (picture) seen.pictures.push(picture)
    }
  }
  return seen
}

/** Every text of a completion's prompt or an embedding's input; lists of token numbers hold none. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? (value as unknown[]).flatMap((each) => (typeof each === 'string' ? [each] : [])) : []
}
