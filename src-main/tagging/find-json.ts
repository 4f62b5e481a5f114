/** Finds JSON inside what a model wrote: whole, inside fences or prose, or broken off. Linear in the length of the text. */

/** How many places a value may begin at before the search gives up. */
const MAX_STARTS = 24

/** The JSON values in the text, outermost first, in order of appearance: the whole text when it parses, else every balanced `{…}` or `[…]`. */
export function* jsonValues(text: string): Generator<unknown> {
  const whole = parseLenient(text.trim())
  if (whole !== undefined) {
    yield whole
    return
  }
  let starts = 0
  for (let at = nextOpening(text, 0); at !== -1 && starts < MAX_STARTS; starts += 1) {
    const end = balancedEnd(text, at)
    const value = end === -1 ? undefined : parseLenient(text.slice(at, end))
    if (value !== undefined) yield value
    // An opening that never closes hides nothing behind it that `salvageItems` would not find.
    if (end === -1) return
    at = nextOpening(text, value === undefined ? at + 1 : end)
  }
}

function nextOpening(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) if (text[at] === '{' || text[at] === '[') return at
  return -1
}

/** Index after the bracket that closes the one at `start`, or -1 when the text ends first. Brackets in strings do not count. */
function balancedEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const char = text[at]
    if (char === '"') {
      at = stringEnd(text, at) - 1
      if (at < 0) return -1
    } else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** Index after the closing quote of the string that opens at `start`, or -1 when it does not close. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at + 1
  }
  return -1
}

/** JSON.parse, forgiving what models get wrong most: a comma before a closing bracket, raw line breaks inside strings. */
export function parseLenient(text: string): unknown {
  const strict = tryParse(text)
  if (strict !== undefined) return strict
  let repaired = ''
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!
    if (char === '"') {
      const end = stringEnd(text, at)
      if (end === -1) return undefined
      repaired += text.slice(at, end).replace(/\r?\n/g, '\\n').replace(/\t/g, '\\t')
      at = end - 1
    } else if (!(char === ',' && /^\s*[}\]]/.test(text.slice(at + 1, at + 65)))) repaired += char
  }
  return repaired === text ? undefined : tryParse(repaired)
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The complete items of the first list in the text, item by item: a broken item is left out, a list that breaks off gives what came before.
 * `complete` tells whether the list was closed.
 */
export function salvageItems(text: string): { items: unknown[]; complete: boolean } | undefined {
  const open = text.indexOf('[')
  if (open === -1) return undefined
  const items: unknown[] = []
  let itemStart = open + 1
  let depth = 1
  const take = (end: number): void => {
    const item = text.slice(itemStart, end).trim()
    // Python's way of quoting.
    const value = parseLenient(item) ?? /^'([^'\\]*)'$/.exec(item)?.[1]
    if (value !== undefined) items.push(value)
  }
  for (let at = open + 1; at < text.length; at += 1) {
    const char = text[at]
    if (char === '"') {
      const end = stringEnd(text, at)
      if (end === -1) return { items, complete: false }
      at = end - 1
    } else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      depth -= 1
      if (depth > 0) continue
      take(at)
      return { items, complete: char === ']' }
    } else if (char === ',' && depth === 1) {
      take(at)
      itemStart = at + 1
    }
  }
  take(text.length)
  return { items, complete: false }
}
