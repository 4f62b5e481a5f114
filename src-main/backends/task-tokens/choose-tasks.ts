/**
 * Which task prompts an ordinary chat request stands for. The first rule that speaks decides:
 *   1. a task token in the text of the last user message (`<OD>`), answered with what that task gives;
 *   2. the fields of the JSON schema asked for (`caption`, `description`, `keywords`, `objects`);
 *   3. the role in the model's name (`role:object_detection`);
 *   4. words of the prompt;
 *   5. `<DETAILED_CAPTION>`.
 * Pure.
 */
import { invalid, isRecord } from '../request-fields.ts'

export const TASK_TOKENS = ['<CAPTION>', '<DETAILED_CAPTION>', '<MORE_DETAILED_CAPTION>', '<OD>'] as const
export type TaskToken = (typeof TASK_TOKENS)[number]
export type Topic = 'caption' | 'description' | 'keywords' | 'objects'

/** One member of the JSON answer. */
export interface WantedField {
  name: string
  topic: Topic
  /** Keywords as texts, or as objects with the text under this key. */
  itemKey: string | null
  maxItems: number | null
}

export type Wish = { kind: 'token'; task: TaskToken } | { kind: 'text'; topic: Topic } | { kind: 'fields'; fields: WantedField[] }

const TASKS_OF: Readonly<Record<Topic, readonly TaskToken[]>> = {
  caption: ['<CAPTION>'],
  description: ['<MORE_DETAILED_CAPTION>'],
  keywords: ['<OD>', '<DETAILED_CAPTION>'],
  objects: ['<OD>'],
}

const FIELD_TOPICS: Readonly<Record<string, Topic>> = {
  caption: 'caption',
  title: 'caption',
  headline: 'caption',
  alt_text: 'caption',
  description: 'description',
  narration: 'description',
  text: 'description',
  keywords: 'keywords',
  tags: 'keywords',
  labels: 'keywords',
  objects: 'objects',
  detections: 'objects',
}

const ROLE_TOPICS: Readonly<Record<string, Topic>> = {
  caption: 'caption',
  keywords: 'keywords',
  description: 'description',
  narration: 'description',
  object_detection: 'objects',
}

/** In this order: a prompt for keywords may well mention the caption, never the other way round. */
const PROMPT_WORDS: readonly [RegExp, Topic][] = [
  [/object detection|bounding box|\bdetect\b|\bboxes\b/i, 'objects'],
  [/\bkeywords?\b|\btags?\b/i, 'keywords'],
  [/\bdescri(be|ption)\b|\bin detail\b|\bdetailed\b|\bnarrat/i, 'description'],
  [/\bcaption\b|\btitle\b|\bheadline\b/i, 'caption'],
]

export function tasksOf(wish: Wish): TaskToken[] {
  if (wish.kind === 'token') return [wish.task]
  const topics = wish.kind === 'text' ? [wish.topic] : wish.fields.map(({ topic }) => topic)
  return [...new Set(topics.flatMap((topic) => TASKS_OF[topic]))]
}

/** @param text Text of the last user message. @throws StudioError `request-invalid` for a JSON answer that these tasks cannot fill. */
export function chooseWish(body: Readonly<Record<string, unknown>>, text: string): Wish {
  const token = TASK_TOKENS.find((each) => text.includes(each))
  if (token) return { kind: 'token', task: token }
  const format = body['response_format']
  const type = isRecord(format) ? format['type'] : undefined
  const role = typeof body['model'] === 'string' && body['model'].startsWith('role:') ? ROLE_TOPICS[body['model'].slice('role:'.length)] : undefined
  const topic = role ?? PROMPT_WORDS.find(([words]) => words.test(text))?.[1]
  if (type === 'json_schema' && isRecord(format)) return { kind: 'fields', fields: fieldsOf(format['json_schema']) }
  if (type === 'json_object') {
    const wanted = topic ?? 'description'
    return { kind: 'fields', fields: [{ name: wanted, topic: wanted, itemKey: null, maxItems: null }] }
  }
  return topic === undefined ? { kind: 'token', task: '<DETAILED_CAPTION>' } : { kind: 'text', topic }
}

function fieldsOf(jsonSchema: unknown): WantedField[] {
  const schema = isRecord(jsonSchema) ? jsonSchema['schema'] : undefined
  const properties = isRecord(schema) ? schema['properties'] : undefined
  if (!isRecord(schema) || !isRecord(properties)) throw invalid('response_format', 'the schema must be one of an object with properties')
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []
  const fields = Object.entries(properties).flatMap(([name, property]) => {
    const topic = FIELD_TOPICS[name.toLowerCase()]
    if (topic !== undefined) return [{ name, topic, ...listOf(property) }]
    if (required.includes(name)) throw invalid('response_format', `this model cannot answer the field ${name.slice(0, 60)}`)
    return []
  })
  if (fields.length === 0) throw invalid('response_format', `this model answers the fields ${Object.keys(FIELD_TOPICS).join(', ')}`)
  return fields
}

function listOf(property: unknown): Pick<WantedField, 'itemKey' | 'maxItems'> {
  if (!isRecord(property)) return { itemKey: null, maxItems: null }
  const items = property['items']
  const members = isRecord(items) && isRecord(items['properties']) ? Object.keys(items['properties']) : []
  const itemKey = ['keyword', 'tag', 'label', 'name', 'text'].find((key) => members.includes(key)) ?? null
  return { itemKey, maxItems: typeof property['maxItems'] === 'number' ? property['maxItems'] : null }
}
