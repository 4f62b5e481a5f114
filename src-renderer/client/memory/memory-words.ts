/** Words of the library in memory: enough variety for development and tests, no claim to describe the pictures. */
import type { Proposal, ProposedKeyword, Stage } from '../../../src-main/contract/model.ts'

const SUBJECTS = [
  { title: 'Fishing boats at low tide', place: 'harbour', words: ['boat', 'harbour', 'low tide', 'rope', 'morning'] },
  { title: 'Two hikers on a ridge', place: 'mountains', words: ['mountain', 'hiking', 'ridge', 'backpack', 'clouds'] },
  { title: 'Night market under paper lanterns', place: 'old town', words: ['market', 'lantern', 'night', 'street food', 'crowd'] },
  { title: 'Red fox in fresh snow', place: 'forest', words: ['fox', 'snow', 'winter', 'wildlife', 'forest'] },
  { title: 'Cyclist passing a mural', place: 'city', words: ['bicycle', 'mural', 'street', 'wall', 'motion blur'] },
  { title: 'Bread cooling by the window', place: 'kitchen', words: ['bread', 'window light', 'table', 'food', 'still life'] },
] as const

export function keywordsFor(photoId: number): ProposedKeyword[] {
  const subject = SUBJECTS[photoId % SUBJECTS.length]!
  const sure = subject.words.map((keyword, index) => ({ keyword, confidence: 0.94 - index * 0.07, source: 'object', level: 'propose' as const }))
  return [
    ...sure,
    { keyword: 'warm light', confidence: 0.71, source: 'light', level: 'propose' },
    { keyword: photoId % 2 === 0 ? 'dog' : 'bird', confidence: 0.44, source: 'object', level: 'maybe' },
  ]
}

export function makeProposal(id: number, photoId: number, stage: Stage, runId: number, model: string, gated: boolean): Proposal {
  const subject = SUBJECTS[photoId % SUBJECTS.length]!
  const text =
    stage === 'caption'
      ? subject.title
      : stage === 'description'
        ? `${subject.title} in the ${subject.place}, with ${subject.words[0]} and ${subject.words[1]} in warm light. The picture was taken in the early evening and is sharp across the frame.`
        : null
  return {
    id,
    photoId,
    runId,
    stage,
    text: gated && stage === 'description' ? 'boat boat boat boat boat boat boat boat' : text,
    keywords: stage === 'keywords' ? keywordsFor(photoId) : [],
    gates: gated && stage === 'description' ? ['repetition'] : [],
    model,
    backend: model === 'embedded' ? 'embedded' : 'ollama',
    promptName: 'default',
    promptHash: '9f2c41d7a0b35e68',
    parameters: { temperature: 0.2, max_tokens: 400, longEdge: 1024, viewWidth: 1024, viewHeight: 683, photoFacts: true },
    rawReply: JSON.stringify({ text, keywords: subject.words }),
    timings: { prepareMs: 12, requestMs: 840, totalMs: 861 },
    contentHash: contentHashOf(photoId),
    settingsHash: '51ab',
    createdAtMs: 1_764_000_000_000 + photoId * 1000,
  }
}

export function contentHashOf(photoId: number): string {
  return photoId.toString(16).padStart(64, '0')
}
