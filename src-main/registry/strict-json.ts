/** JSON as our files are read: a key given twice, or nesting that no registry needs, is a fault and not a guess. Pure. */

/** Levels of lists and objects inside one another. */
const DEPTH_CAP = 40

type Step = string | number

export interface JsonFault {
  /** From the root to the place. */
  path: Step[]
  reason: string
}

interface Frame {
  /** Of an object; null for a list. */
  keys: Set<string> | null
  at: Step
}

/** Index of the quote that ends the string beginning at `from`. */
function endOfString(text: string, from: number): number {
  let i = from + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}

function readKey(text: string, from: number, end: number): string {
  const raw = text.slice(from, end + 1)
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
}

const pathOf = (frames: readonly Frame[]): Step[] => frames.map(({ at }) => at)

/** The first fault in a text that `JSON.parse` accepts. One pass, no recursion. */
export function findJsonFault(text: string, depthCap = DEPTH_CAP): JsonFault | undefined {
  const frames: Frame[] = []
  let keyIsNext = false
  for (let i = 0; i < text.length; i++) {
    const top = frames.at(-1)
    switch (text[i]) {
      case '{':
      case '[':
        if (frames.length >= depthCap) return { path: pathOf(frames), reason: `is nested deeper than ${depthCap} levels` }
        frames.push(text[i] === '{' ? { keys: new Set(), at: '' } : { keys: null, at: 0 })
        keyIsNext = text[i] === '{'
        break
      case '}':
      case ']':
        frames.pop()
        keyIsNext = false
        break
      case ',':
        if (top?.keys) keyIsNext = true
        else if (top) top.at = Number(top.at) + 1
        break
      case '"': {
        const end = endOfString(text, i)
        if (keyIsNext && top?.keys) {
          const key = readKey(text, i, end)
          top.at = key
          if (top.keys.has(key)) return { path: pathOf(frames), reason: `holds the key "${key.slice(0, 100)}" twice` }
          top.keys.add(key)
          keyIsNext = false
        }
        i = end
        break
      }
      default:
    }
  }
  return undefined
}
