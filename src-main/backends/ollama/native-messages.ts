/** Messages of OpenAI's protocol as Ollama's. Pure. */
import { invalid, isRecord } from '../request-fields.ts'

export interface NativeMessage {
  role: string
  content: string
  /** Bare base64. */
  images?: string[]
  thinking?: string
  tool_calls?: { id?: string; function: { name: string; arguments: Record<string, unknown> } }[]
  tool_name?: string
  tool_call_id?: string
}

type Part = { kind: 'text'; text: string } | { kind: 'image'; base64: string }

/** Keeps apart what the caller kept apart, as a blank line does in a prompt. */
const BETWEEN_PARTS = '\n\n'

/**
 * One message becomes one, its text parts parted by a blank line: Ollama's content is a single text, with the pictures before it.
 * Pictures with a text between them become messages of their own in the caller's order, since there the order is the meaning
 * ("before: … after: …"). @throws StudioError `request-invalid` naming the field.
 */
export function toNativeMessages(messages: readonly unknown[]): NativeMessage[] {
  const callNames = new Map<string, string>()
  return messages.flatMap((message, i) => {
    const at = `messages.${i}`
    if (!isRecord(message) || typeof message['role'] !== 'string') throw invalid(at, 'every message must be an object with a role')
    const role = message['role'] === 'developer' ? 'system' : message['role']
    const parts = readParts(message['content'], at)
    if (role === 'tool') return [toolResult(message, parts, callNames)]
    const extras = role === 'assistant' ? assistantExtras(message, at, callNames) : {}
    if (!standsBetweenPictures(parts)) return [{ role, ...join(parts), ...extras }]
    return parts.map((part, j) => ({ role, ...join([part]), ...(j === parts.length - 1 ? extras : {}) }))
  })
}

function standsBetweenPictures(parts: readonly Part[]): boolean {
  const first = parts.findIndex(({ kind }) => kind === 'image')
  const last = parts.findLastIndex(({ kind }) => kind === 'image')
  return parts.slice(first + 1, Math.max(0, last)).some(({ kind }) => kind === 'text')
}

function join(parts: readonly Part[]): Pick<NativeMessage, 'content' | 'images'> {
  const images = parts.flatMap((part) => (part.kind === 'image' ? [part.base64] : []))
  const content = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join(BETWEEN_PARTS)
  return images.length === 0 ? { content } : { content, images }
}

function readParts(content: unknown, at: string): Part[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  if (!Array.isArray(content)) throw invalid(`${at}.content`, 'content must be a text or a list of parts')
  return (content as unknown[]).map((part, j) => {
    const where = `${at}.content.${j}`
    if (!isRecord(part)) throw invalid(where, 'every part of a message must be an object')
    if (part['type'] === 'text' && typeof part['text'] === 'string') return { kind: 'text', text: part['text'] }
    if (part['type'] === 'refusal' && typeof part['refusal'] === 'string') return { kind: 'text', text: part['refusal'] }
    if (part['type'] === 'image_url') return { kind: 'image', base64: base64Of(part['image_url'], where) }
    throw invalid(where, `Ollama takes text and pictures, not a part of type ${String(part['type']).slice(0, 40)}`)
  })
}

function base64Of(imageUrl: unknown, where: string): string {
  const url = isRecord(imageUrl) ? imageUrl['url'] : imageUrl
  // Only the head is matched: the picture itself may be megabytes long.
  const head = typeof url === 'string' ? /^data:image\/[a-z0-9.+-]+;base64,/i.exec(url.slice(0, 100)) : null
  if (typeof url !== 'string' || !head) throw invalid(where, 'pictures are taken only as data:image/…;base64 addresses; nothing is fetched')
  return url.slice(head[0].length)
}

function assistantExtras(message: Record<string, unknown>, at: string, callNames: Map<string, string>): Partial<NativeMessage> {
  const extras: Partial<NativeMessage> = {}
  const thought = message['reasoning_content'] ?? message['reasoning']
  if (typeof thought === 'string' && thought !== '') extras.thinking = thought
  const calls = message['tool_calls']
  if (calls === undefined || calls === null) return extras
  if (!Array.isArray(calls)) throw invalid(`${at}.tool_calls`, 'tool_calls must be a list')
  extras.tool_calls = (calls as unknown[]).map((call, j) => {
    const where = `${at}.tool_calls.${j}`
    const called = isRecord(call) ? call['function'] : undefined
    if (!isRecord(call) || !isRecord(called) || typeof called['name'] !== 'string') throw invalid(where, 'a tool call must name its function')
    const id = typeof call['id'] === 'string' ? call['id'] : undefined
    if (id !== undefined) callNames.set(id, called['name'])
    return { ...(id === undefined ? {} : { id }), function: { name: called['name'], arguments: readArguments(called['arguments'], where) } }
  })
  return extras
}

/** OpenAI sends the arguments as JSON text, Ollama takes the object. */
function readArguments(given: unknown, where: string): Record<string, unknown> {
  if (given === undefined || given === null || given === '') return {}
  let value: unknown = given
  if (typeof given === 'string') {
    try {
      value = JSON.parse(given)
    } catch {
      value = undefined
    }
  }
  if (!isRecord(value)) throw invalid(`${where}.function.arguments`, 'the arguments of a tool call must be a JSON object')
  return value
}

function toolResult(message: Record<string, unknown>, parts: readonly Part[], callNames: ReadonlyMap<string, string>): NativeMessage {
  const id = typeof message['tool_call_id'] === 'string' ? message['tool_call_id'] : undefined
  const name = typeof message['name'] === 'string' ? message['name'] : id === undefined ? undefined : callNames.get(id)
  return { role: 'tool', ...join(parts), ...(name === undefined ? {} : { tool_name: name }), ...(id === undefined ? {} : { tool_call_id: id }) }
}
