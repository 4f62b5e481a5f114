/**
 * A look at JSON bytes without building it: where the top-level values lie, and how deep it nests. So a request can be sent on with one
 * value exchanged and every other byte as it came, and a hostile depth is refused before any parser sees it. Pure.
 */
import { StudioError } from '../lib/studio-error.ts'

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

export interface Scan {
  /** Just after the opening brace. */
  insertAt: number
  top: ReadonlyMap<string, Span>
}

function invalid(message: string): StudioError {
  return new StudioError('request-invalid', message)
}

/** Index of the closing quote; the search jumps, so a picture of megabytes costs one native scan. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at)
    if (quote < 0) throw invalid('the body is not JSON: a text is not closed')
    let slashes = 0
    while (bytes[quote - 1 - slashes] === BACKSLASH && quote - 1 - slashes > start) slashes += 1
    if (slashes % 2 === 0) return quote
    at = quote + 1
  }
}

/** @throws StudioError `request-invalid` when it is no object, nests deeper than `maxDepth`, or names a top-level key twice. */
export function scanObject(bytes: Buffer, maxDepth: number): Scan {
  const top = new Map<string, Span>()
  let depth = 0
  let insertAt = -1
  let key: { text: string; start: number } | null = null
  let valueStart = -1
  let lastSolid = -1
  const closeValue = () => {
    if (key === null || valueStart < 0) return
    if (top.has(key.text)) throw invalid(`the body names "${key.text}" twice`)
    top.set(key.text, { keyStart: key.start, valueStart, valueEnd: lastSolid + 1 })
    key = null
    valueStart = -1
  }
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
    if (insertAt < 0) {
      if (byte !== OPEN_BRACE) throw invalid('the body must be a JSON object')
      insertAt = i + 1
      depth = 1
      continue
    }
    if (depth === 0) throw invalid('the body is not JSON: something follows its end')
    if (depth === 1 && byte === COMMA) {
      closeValue()
      continue
    }
    if (depth === 1 && byte === CLOSE_BRACE) closeValue()
    if (depth === 1 && byte === COLON && key !== null && valueStart < 0) continue
    if (byte === QUOTE) {
      const end = endOfString(bytes, i)
      if (depth === 1 && key === null) {
        key = { text: keyText(bytes, i, end), start: i }
        i = end
        continue
      }
      if (depth === 1 && valueStart < 0) valueStart = i
      i = end
      lastSolid = end
      continue
    }
    if (depth === 1 && key !== null && valueStart < 0) valueStart = i
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1
      if (depth > maxDepth) throw invalid(`the body nests deeper than ${maxDepth} levels`)
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
    lastSolid = i
  }
  if (insertAt < 0 || depth !== 0) throw invalid('the body is not complete JSON')
  return { insertAt, top }
}

function keyText(bytes: Buffer, start: number, end: number): string {
  try {
    return JSON.parse(bytes.toString('utf8', start, end + 1)) as string
  } catch {
    throw invalid('the body is not JSON: a key is damaged')
  }
}

/** The same bytes with one top-level value exchanged and further members put first; `drop` members go, with their comma. */
export function rewriteObject(
  bytes: Buffer,
  scan: Scan,
  change: { replace: ReadonlyMap<string, string>; add: ReadonlyMap<string, string>; drop: readonly string[] },
): Buffer {
  const edits: { start: number; end: number; text: string }[] = []
  const kept = [...scan.top].filter(([name]) => !change.drop.includes(name))
  for (const [name, span] of kept) {
    const value = change.replace.get(name)
    if (value !== undefined) edits.push({ start: span.valueStart, end: span.valueEnd, text: value })
  }
  const members = [...scan.top]
  for (const [i, [name, span]] of members.entries()) {
    if (!change.drop.includes(name)) continue
    // With the comma behind it; the last member takes the comma before it, unless that one is dropped as well and has taken its own.
    const next = members[i + 1]?.[1]
    const previous = kept.findLast(([, other]) => other.keyStart < span.keyStart)?.[1]
    if (next) edits.push({ start: span.keyStart, end: next.keyStart, text: '' })
    else edits.push({ start: previous ? previous.valueEnd : span.keyStart, end: span.valueEnd, text: '' })
  }
  if (change.add.size > 0) {
    const added = [...change.add].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')
    edits.push({ start: scan.insertAt, end: scan.insertAt, text: kept.length > 0 ? `${added},` : added })
  }
  const parts: Buffer[] = []
  let at = 0
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    const from = Math.max(at, edit.start)
    parts.push(bytes.subarray(at, from), Buffer.from(edit.text))
    at = Math.max(at, edit.end)
  }
  parts.push(bytes.subarray(at))
  return Buffer.concat(parts)
}
