/** Pictures as parts of messages: finding, cutting, carrying. Pure; messages are copied, never changed. */
import { findAddresses, isRecord, type Message } from '../body/look-at-messages.ts'

export type Part = Readonly<Record<string, unknown>>

/** The model is told, so that it does not answer about a picture that it never saw. */
const LEFT_OUT = { type: 'text', text: '[An earlier picture was left out.]' }

export const addressOf = (part: Part): string => findAddresses(part)[0]?.address ?? ''

/** Its pictures, first to last. */
export function picturesOf(message: Message): Part[] {
  const content = message['content']
  if (!Array.isArray(content)) return []
  return (content as unknown[]).filter((part): part is Part => isRecord(part) && findAddresses(part).length > 0)
}

/** The same message with a note in the place of every picture that is not in `kept`; itself when there is none. */
export function keepPictures(message: Message, kept: ReadonlySet<Part>): Message {
  if (picturesOf(message).every((part) => kept.has(part))) return message
  const content = message['content'] as Part[]
  return { ...message, content: content.map((part) => (findAddresses(part).length > 0 && !kept.has(part) ? LEFT_OUT : part)) }
}

/** The same message with pictures before everything that it holds. */
export function putFirst(message: Message, pictures: readonly Part[]): Message {
  const content = message['content']
  const rest = Array.isArray(content) ? (content as unknown[]) : [{ type: 'text', text: typeof content === 'string' ? content : '' }]
  return { ...message, content: [...pictures, ...rest] }
}
