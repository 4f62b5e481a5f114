/** Carries a backend's answer to the caller. See "Before commitment / After commitment" in README.md. */
import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { StudioError } from '../lib/studio-error.ts'
import type { BackendReply } from '../registry/serving.ts'
import { isRecord } from './body/look-at-messages.ts'
import { type EventFacts, EventSplitter, readEvent, readUsage, tokensIn } from './sse-events.ts'
import { normalizeToolCalls } from './tool-calls.ts'
import { fromUpstream, toWireError } from './wire-error.ts'

const REPLY_CAP_BYTES = 64 * 1024 * 1024
const ERROR_CAP_BYTES = 64 * 1024
/** Roles and comments alone never reach this: beyond it we stop waiting for content. */
const HELD_CAP_BYTES = 256 * 1024

const SHORT_BYTES = 16 * 1024
const KEEP_ALIVE = ': keep-alive\n\n'

/** What the log wants to know; filled as it becomes known. */
export interface RelayFacts {
  firstContentAtMs: number | null
  finishReason: string | null
  usage: EventFacts['usage']
  /** Of the answer, by our estimate. */
  textTokens: number
  /** Set when the answer broke off after commitment. */
  brokenBy: unknown
}

export interface RelayTarget {
  response: ServerResponse
  /** Sent with whatever is answered. */
  headers: Record<string, string>
  signal: AbortSignal
  ticksMs: () => number
  facts: RelayFacts
  /** The list that an answer in one piece must hold. */
  list: 'choices' | 'data'
  /** See tool-calls.ts. */
  offeredTools: ReadonlySet<string>
  /** Silence between two events of a committed stream after which a comment is sent, so that nobody in between closes the connection. */
  keepAliveMs: number
}

export const blankFacts = (): RelayFacts => ({ firstContentAtMs: null, finishReason: null, usage: null, textTokens: 0, brokenBy: undefined })

async function collect(reply: BackendReply, capBytes: number, whenOver: 'cut' | 'fail'): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of reply.body) {
    sizeBytes += part.length
    if (sizeBytes > capBytes) {
      if (whenOver === 'cut') break
      throw new StudioError('backend-failed', `the model server sent more than ${capBytes} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** @throws StudioError while nothing has been sent to the caller; afterwards failures are told inside the stream and in `facts.brokenBy`. */
export async function relay(reply: BackendReply, stream: boolean, target: RelayTarget): Promise<void> {
  if (reply.status < 200 || reply.status >= 300) {
    const text = (await collect(reply, ERROR_CAP_BYTES, 'cut')).toString('utf8')
    throw fromUpstream(reply.status, text)
  }
  const isStream = /^text\/event-stream\b/i.test(reply.headers['content-type'] ?? '')
  if (stream !== isStream) {
    throw new StudioError(
      'backend-failed',
      stream
        ? 'the model server answered in one piece where a stream was asked for'
        : 'the model server answered with a stream where one piece was asked for',
    )
  }
  if (stream) await relayStream(reply, target)
  else await relayWhole(reply, target)
}

async function relayWhole(reply: BackendReply, target: RelayTarget): Promise<void> {
  const bytes = await collect(reply, REPLY_CAP_BYTES, 'fail')
  const text = bytes.toString('utf8')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new StudioError('backend-failed', 'the model server answered something that is not JSON')
  }
  const { facts, response, headers, list, offeredTools } = target
  if (!isRecord(json) || !Array.isArray(json[list])) {
    throw new StudioError('backend-failed', 'the model server answered something that is not an answer of this route')
  }
  facts.firstContentAtMs = target.ticksMs()
  facts.usage = readUsage(json['usage'])
  const mended = normalizeToolCalls(json, offeredTools, () => `call_${randomBytes(12).toString('hex')}`)
  const choices = list === 'choices' ? ((mended ?? json)[list] as unknown[]).filter(isRecord) : []
  const finish = choices[0]?.['finish_reason']
  facts.finishReason = typeof finish === 'string' ? finish : null
  if (facts.usage === null) facts.textTokens = choices.reduce((sum, choice) => sum + tokensIn(choice), 0)
  const sent = mended ? Buffer.from(JSON.stringify(mended)) : bytes
  response.writeHead(200, { ...headers, 'content-type': reply.headers['content-type'] ?? 'application/json', 'content-length': sent.length })
  // A short text leaves with the headers in one write; damaged UTF-8 would not survive being a text.
  if (mended === null && bytes.length < SHORT_BYTES && isUtf8(bytes)) response.end(text)
  else response.end(sent)
}

class StreamRelay {
  #held: Buffer[] = []
  #heldBytes = 0
  #finished = false
  #keepAlive: NodeJS.Timeout | undefined
  committed = false

  constructor(
    private readonly reply: BackendReply,
    private readonly target: RelayTarget,
  ) {}

  /** Reads one event; true when it gives the caller something to see. */
  #note(event: Buffer): boolean {
    const { facts, ticksMs } = this.target
    const seen = readEvent(event)
    if (seen.hasContent) facts.firstContentAtMs ??= ticksMs()
    facts.finishReason = seen.finishReason ?? facts.finishReason
    facts.usage = seen.usage ?? facts.usage
    facts.textTokens += seen.textTokens
    if (seen.kind === 'done' || seen.finishReason !== null) this.#finished = true
    return seen.hasContent || seen.kind === 'done'
  }

  /** The events of one piece from the backend leave in one piece. What stood before a bad event still goes out. */
  async take(events: readonly Buffer[]): Promise<void> {
    const good: Buffer[] = []
    let worthSending = false
    let failure: unknown
    for (const event of events) {
      try {
        worthSending = this.#note(event) || worthSending
        good.push(event)
      } catch (error) {
        failure = error
        break
      }
    }
    if (good.length > 0) await this.#send(Buffer.concat(good), worthSending)
    if (failure !== undefined) throw failure
  }

  async #send(bytes: Buffer, worthSending: boolean): Promise<void> {
    if (this.committed) return this.#write(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (worthSending || this.#heldBytes > HELD_CAP_BYTES) await this.#commit()
  }

  async #commit(): Promise<void> {
    this.committed = true
    const { response, headers } = this.target
    response.writeHead(200, {
      ...headers,
      'content-type': this.reply.headers['content-type'] ?? 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    })
    await this.#write(Buffer.concat(this.#held.splice(0)))
    // Whole events only are ever written, so a comment never falls into one.
    this.#keepAlive = setInterval(() => !response.writableNeedDrain && response.write(KEEP_ALIVE), this.target.keepAliveMs)
  }

  async #write(bytes: Buffer): Promise<void> {
    const { response, signal } = this.target
    if (signal.aborted) throw new StudioError('cancelled', 'the caller went away')
    this.#keepAlive?.refresh()
    if (response.write(bytes)) return
    try {
      await once(response, 'drain', { signal })
    } catch (error) {
      throw new StudioError('cancelled', 'the caller went away', { cause: error })
    }
  }

  /** @throws StudioError `backend-failed` when the stream stopped before the answer was finished. */
  async finish(rest: Buffer): Promise<void> {
    if (rest.toString('utf8').trim() !== '') await this.take([rest])
    if (!this.#finished) throw new StudioError('backend-failed', 'the model server stopped in the middle of its answer', { retry: 'now' })
    if (!this.committed) await this.#commit()
    this.target.response.end()
  }

  /** Nothing is sent on its own any more. */
  rest(): void {
    clearInterval(this.#keepAlive)
  }

  /** Tells the failure inside the stream, in words that OpenAI's clients raise as an error. */
  breakOff(error: unknown): void {
    const { response, facts } = this.target
    facts.brokenBy = error
    if (response.destroyed) return
    response.end(`data: ${JSON.stringify(toWireError(error).body)}\n\ndata: [DONE]\n\n`)
  }
}

async function relayStream(reply: BackendReply, target: RelayTarget): Promise<void> {
  const stream = new StreamRelay(reply, target)
  const splitter = new EventSplitter()
  try {
    for await (const chunk of reply.body) await stream.take(splitter.push(chunk))
    await stream.finish(splitter.rest)
  } catch (error) {
    if (!stream.committed) throw error
    stream.breakOff(error)
  } finally {
    stream.rest()
  }
}
