/** Server-sent events as bytes: cut at their ends, read for what we must know, never changed. Pure. */
import { StudioError } from '../lib/studio-error.ts'
import { estimateTokens } from './history/estimate-tokens.ts'
import { fromUpstream } from './wire-error.ts'

const EVENT_CAP_BYTES = 8 * 1024 * 1024
const LF = 0x0a
const CR = 0x0d

/** Cuts a byte stream into whole events; the bytes of an unfinished one wait for the rest. */
export class EventSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws StudioError `backend-failed` when one event grows beyond 8 MiB. */
  push(chunk: Uint8Array): Buffer[] {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    const events: Buffer[] = []
    let start = 0
    for (;;) {
      const end = endOfEvent(bytes, start)
      if (end < 0) break
      events.push(bytes.subarray(start, end))
      start = end
    }
    this.#rest = bytes.subarray(start)
    if (this.#rest.length > EVENT_CAP_BYTES) throw new StudioError('backend-failed', 'the model server sent an event without end')
    return events
  }

  /** What came after the last whole event. */
  get rest(): Buffer {
    return this.#rest
  }
}

/** One past the blank line that ends the event; -1 while it is not there. */
function endOfEvent(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return -1
}

export interface EventFacts {
  kind: 'chunk' | 'done' | 'silent'
  /** Text, reasoning, a tool call or an ending: something that the caller waited for. */
  hasContent: boolean
  finishReason: string | null
  usage: { tokensIn: number | null; tokensOut: number | null } | null
  /** Our own estimate, for servers that do not count. */
  textTokens: number
}

const SILENT: EventFacts = { kind: 'silent', hasContent: false, finishReason: null, usage: null, textTokens: 0 }
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

export function readUsage(value: unknown): EventFacts['usage'] {
  if (!isRecord(value)) return null
  const count = (key: string) => (typeof value[key] === 'number' ? value[key] : null)
  return { tokensIn: count('prompt_tokens'), tokensOut: count('completion_tokens') }
}

function carriesContent(delta: unknown): boolean {
  if (!isRecord(delta)) return false
  return Object.entries(delta).some(
    ([key, value]) => key !== 'role' && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
  )
}

/** Text, thinking and tool arguments of a choice, whole or as a change, by our estimate. */
export function tokensIn(choice: Readonly<Record<string, unknown>>): number {
  const said = [choice['text'], ...['delta', 'message'].flatMap((key) => (isRecord(choice[key]) ? Object.values(choice[key]) : []))]
  return said.reduce<number>((sum, value) => {
    if (typeof value === 'string') return sum + estimateTokens(value)
    return sum + (Array.isArray(value) ? estimateTokens(JSON.stringify(value)) : 0)
  }, 0)
}

/** @throws StudioError for an error that the server sent as an event, and `backend-failed` for what is neither comment nor JSON. */
export function readEvent(bytes: Buffer): EventFacts {
  const lines = bytes.toString('utf8').split(/\r?\n/)
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart())
  if (data.length === 0) {
    const stray = lines.find((line) => line !== '' && !/^(:|event:|id:|retry:)/.test(line))
    if (stray !== undefined) throw new StudioError('backend-failed', 'the model server sent something that is not an event stream')
    return SILENT
  }
  const text = data.join('\n')
  if (text === '[DONE]') return { ...SILENT, kind: 'done' }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new StudioError('backend-failed', 'the model server sent an event that is not JSON')
  }
  if (!isRecord(json)) throw new StudioError('backend-failed', 'the model server sent an event that is not an object')
  if (json['error'] !== undefined && json['error'] !== null) throw errorInEvent(json)
  const choices = Array.isArray(json['choices']) ? (json['choices'] as unknown[]).filter(isRecord) : []
  const finish = choices.map((choice) => choice['finish_reason']).find((reason) => typeof reason === 'string')
  return {
    kind: 'chunk',
    hasContent:
      finish !== undefined ||
      choices.some((choice) => carriesContent(choice['delta']) || (typeof choice['text'] === 'string' && choice['text'] !== '')),
    finishReason: typeof finish === 'string' ? finish : null,
    usage: readUsage(json['usage']),
    textTokens: choices.reduce((sum, choice) => sum + tokensIn(choice), 0),
  }
}

function errorInEvent(json: Record<string, unknown>): StudioError {
  const inner = json['error']
  const code = isRecord(inner) ? Number(inner['code'] ?? inner['status']) : Number.NaN
  return fromUpstream(Number.isInteger(code) && code >= 400 && code < 600 ? code : 500, JSON.stringify(json))
}
