/** Outputs of the task prompts as the text of one answer. Pure. */
import type { TaskToken, Topic, WantedField, Wish } from './choose-tasks.ts'
import { cleanText, readObjects, toKeywords } from './read-output.ts'

export type Outputs = ReadonlyMap<TaskToken, string>

const outputOf = (outputs: Outputs, task: TaskToken) => outputs.get(task) ?? ''
const objectsJson = (output: string) =>
  readObjects(output).map(({ label, box }) => ({ label, box: box.map((edge) => Math.round(edge * 10_000) / 10_000) }))

export function composeAnswer(wish: Wish, outputs: Outputs): string {
  if (wish.kind === 'fields') return JSON.stringify(Object.fromEntries(wish.fields.map((field) => [field.name, valueOf(field, outputs)])))
  if (wish.kind === 'text') return textOf(wish.topic, outputs)
  const output = outputOf(outputs, wish.task)
  return wish.task === '<OD>' ? JSON.stringify({ objects: objectsJson(output) }) : cleanText(output)
}

function textOf(topic: Topic, outputs: Outputs): string {
  if (topic === 'caption') return cleanText(outputOf(outputs, '<CAPTION>'))
  if (topic === 'description') return cleanText(outputOf(outputs, '<MORE_DETAILED_CAPTION>'))
  if (topic === 'objects') return JSON.stringify({ objects: objectsJson(outputOf(outputs, '<OD>')) })
  return keywordsOf(outputs).join(', ')
}

const keywordsOf = (outputs: Outputs) => toKeywords(readObjects(outputOf(outputs, '<OD>')), outputOf(outputs, '<DETAILED_CAPTION>'))

function valueOf({ topic, itemKey, maxItems }: WantedField, outputs: Outputs): unknown {
  const cut = <T>(list: T[]) => (maxItems === null ? list : list.slice(0, maxItems))
  if (topic === 'objects') return cut(objectsJson(outputOf(outputs, '<OD>')))
  if (topic !== 'keywords') return textOf(topic, outputs)
  const keywords = cut(keywordsOf(outputs))
  return itemKey === null ? keywords : keywords.map((keyword) => ({ [itemKey]: keyword }))
}
