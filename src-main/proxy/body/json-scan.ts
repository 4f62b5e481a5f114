/**
 * A look at JSON bytes without building it: where the top-level values lie, and how deep it nests. So a request can be sent on with one
 * value exchanged and every other byte as it came, and a hostile depth is refused before any parser sees it. Pure.
 */
import { StudioError } from '../../lib/studio-error.ts'
import type { Bytes } from './bytes.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

interface Span {
  /** First byte of the key's opening quote. */
  keyStart: number
  valueStart: number
  /** One past the last byte of the value, blanks excluded. */
  valueEnd: number
}

/** A text that is not worth decoding before somebody wants it: both ends are its quotes. */
export interface LongText {
  start: number
  /** One past the closing quote. */
  end: number
}

export interface Scan {
  /** Just after the opening brace. */
  insertAt: number
  top: ReadonlyMap<string, Span>
  /** Texts of 4 KiB and more and every `data:` address, at any depth, in order. */
  long: readonly LongText[]
}

export interface ScanLimits {
  maxDepth: number
  /** Commas, in effect; no limit when left out. */
  maxValues?: number
}

const LONG_TEXT_BYTES = 4096
/** Turns of the loop between two breaths: a few milliseconds where every turn is a search. */
const STEP = 16_384

function invalid(message: string): StudioError {
  return new StudioError('request-invalid', message)
}

/** Slashes before a quote decide whether it closes the text. More in a row than anybody writes would cost us the time to count them. */
const MOST_SLASHES = 65_536
/** Short texts are looked through here; the search beyond jumps natively, so a picture of megabytes costs next to nothing. */
const LOOK_AHEAD_BYTES = 24

/** -1 when the part holds none. */
function nextQuote(part: Buffer, from: number): number {
  const near = Math.min(part.length, from + LOOK_AHEAD_BYTES)
  for (let at = from; at < near; at++) if (part[at] === QUOTE) return at
  return near < part.length ? part.indexOf(QUOTE, near) : -1
}

/** Backslashes directly before `end`, not looking before `start`; few more than `MOST_SLASHES` at most. */
function slashesBefore(part: Buffer, end: number, start: number): number {
  let count = 0
  while (end - 1 - count >= start && part[end - 1 - count] === BACKSLASH) {
    count += 1
    if (count > MOST_SLASHES) break
  }
  return count
}

const DATA = 'data:'

/** `data:` in any case, right behind the opening quote at `quote`. */
function isDataAddress(bytes: Bytes, quote: number, end: number): boolean {
  return (
    end - quote > DATA.length &&
    bytes
      .slice(quote + 1, quote + 1 + DATA.length)
      .toString('latin1')
      .toLowerCase() === DATA
  )
}

const D = 0x64

/** The scan in pieces of at most some milliseconds; between them whoever drives it may let others run. @throws as `scanObject`. */
export function* scanSteps(bytes: Bytes, limits: ScanLimits): Generator<void, Scan, void> {
  const { maxDepth, maxValues = Number.POSITIVE_INFINITY } = limits
  const top = new Map<string, Span>()
  const long: LongText[] = []
  let depth = 0
  let values = 0
  let insertAt = -1
  let key: { text: string; start: number } | null = null
  let valueStart = -1
  let lastSolid = -1
  /** Opening quote of the text that we are in, and whether a `d` follows it. */
  let textStart = -1
  let mayBeData = false
  /** Backslashes at the end of the part before this one. */
  let openSlashes = 0
  let left = STEP
  const closeValue = () => {
    if (key === null || valueStart < 0) return
    if (top.has(key.text)) throw invalid(`the body names "${key.text.slice(0, 100)}" twice`)
    top.set(key.text, { keyStart: key.start, valueStart, valueEnd: lastSolid + 1 })
    key = null
    valueStart = -1
  }
  for (const [p, part] of bytes.parts.entries()) {
    const base = bytes.starts[p]!
    for (let i = 0; i < part.length; i++) {
      left -= 1
      if (left === 0) {
        left = STEP
        yield
      }
      if (textStart >= 0) {
        const textFrom = Math.max(0, textStart + 1 - base)
        if (base + i === textStart + 1) mayBeData = (part[i]! | 0x20) === D
        const quote = nextQuote(part, i)
        const end = quote < 0 ? part.length : quote
        const near = slashesBefore(part, end, textFrom)
        const slashes = near === end && textFrom === 0 && textStart < base ? near + openSlashes : near
        if (slashes > MOST_SLASHES) throw invalid(`a text has more than ${MOST_SLASHES} backslashes in a row`)
        i = end
        if (quote < 0) {
          openSlashes = slashes
          continue
        }
        openSlashes = 0
        if (slashes % 2 === 1) continue
        const at = base + quote
        if (depth === 1 && key === null) key = { text: keyText(bytes, textStart, at), start: textStart }
        else {
          if (depth === 1 && valueStart < 0) valueStart = textStart
          lastSolid = at
        }
        if (at - textStart >= LONG_TEXT_BYTES || (mayBeData && isDataAddress(bytes, textStart, at))) long.push({ start: textStart, end: at + 1 })
        textStart = -1
        continue
      }
      const byte = part[i] as number
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
      if (insertAt < 0) {
        if (byte !== OPEN_BRACE) throw invalid('the body must be a JSON object')
        insertAt = base + i + 1
        depth = 1
        continue
      }
      if (depth === 0) throw invalid('the body is not JSON: something follows its end')
      if (byte === QUOTE) {
        textStart = base + i
        openSlashes = 0
        continue
      }
      if (byte === COMMA) {
        values += 1
        if (values > maxValues) throw invalid(`the body holds more than ${maxValues} values`)
        if (depth === 1) {
          closeValue()
          continue
        }
      }
      if (depth === 1 && byte === CLOSE_BRACE) closeValue()
      if (depth === 1 && byte === COLON && key !== null && valueStart < 0) continue
      if (depth === 1 && key !== null && valueStart < 0) valueStart = base + i
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1
        if (depth > maxDepth) throw invalid(`the body nests deeper than ${maxDepth} levels`)
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
      lastSolid = base + i
    }
  }
  if (textStart >= 0) throw invalid('the body is not JSON: a text is not closed')
  if (insertAt < 0 || depth !== 0) throw invalid('the body is not complete JSON')
  return { insertAt, top, long }
}

/** @throws StudioError `request-invalid` when it is no object, nests deeper or holds more than allowed, or names a top-level key twice. */
export function scanObject(bytes: Bytes, limits: ScanLimits): Scan {
  const steps = scanSteps(bytes, limits)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same, with the event loop let through between the pieces of a large body. */
export async function scanObjectKindly(bytes: Bytes, limits: ScanLimits): Promise<Scan> {
  const steps = scanSteps(bytes, limits)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function keyText(bytes: Bytes, start: number, end: number): string {
  try {
    return JSON.parse(bytes.text(start, end + 1)) as string
  } catch {
    throw invalid('the body is not JSON: a key is damaged')
  }
}

/** Bytes to be put in the place of others. */
export interface Edit {
  start: number
  end: number
  by: string | readonly Uint8Array[]
}

export interface Change {
  replace: ReadonlyMap<string, string | readonly Uint8Array[]>
  add: ReadonlyMap<string, string>
  drop: readonly string[]
  /** Inside values that are neither replaced nor dropped. */
  edits?: readonly Edit[]
}

/** The same bytes, in pieces, with top-level values exchanged and further members put first; `drop` members go, with their comma. */
export function rewriteObject(bytes: Bytes, scan: Scan, change: Change): Uint8Array[] {
  const edits: Edit[] = [...(change.edits ?? [])]
  const kept = [...scan.top].filter(([name]) => !change.drop.includes(name))
  for (const [name, span] of kept) {
    const value = change.replace.get(name)
    if (value !== undefined) edits.push({ start: span.valueStart, end: span.valueEnd, by: value })
  }
  const members = [...scan.top]
  for (const [i, [name, span]] of members.entries()) {
    if (!change.drop.includes(name)) continue
    // With the comma behind it; the last member takes the comma before it, unless that one is dropped as well and has taken its own.
    const next = members[i + 1]?.[1]
    const previous = kept.findLast(([, other]) => other.keyStart < span.keyStart)?.[1]
    if (next) edits.push({ start: span.keyStart, end: next.keyStart, by: '' })
    else edits.push({ start: previous ? previous.valueEnd : span.keyStart, end: span.valueEnd, by: '' })
  }
  if (change.add.size > 0) {
    const added = [...change.add].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')
    edits.push({ start: scan.insertAt, end: scan.insertAt, by: kept.length > 0 ? `${added},` : added })
  }
  const parts: Uint8Array[] = []
  let at = 0
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    const from = Math.max(at, edit.start)
    parts.push(...bytes.pieces(at, from), ...(typeof edit.by === 'string' ? [Buffer.from(edit.by)] : edit.by))
    at = Math.max(at, edit.end)
  }
  parts.push(...bytes.pieces(at, bytes.length))
  return parts
}
