import type { Gate } from '../../../src-main/contract/errors/index.ts'

/** English: why a proposal was held back from "approve". */
export const GATE_SENTENCES: Record<Gate, string> = {
  empty: 'The model gave no words.',
  unreadable: 'The answer could not be read as words for this field.',
  'too-long': 'The text is much longer than this field should hold.',
  repetition: 'The text repeats itself.',
  refusal: 'The model declined to describe the photo.',
  'not-text': 'The answer looks like code or markup, not like a sentence.',
  'suspicious-text': 'The answer holds instructions or links that do not belong to a photo.',
}

/** English: a gate's name in a list of choices. */
export const GATE_LABELS: Record<Gate, string> = {
  empty: 'No words',
  unreadable: 'Not readable',
  'too-long': 'Too long',
  repetition: 'Repeats itself',
  refusal: 'Declined',
  'not-text': 'Not a sentence',
  'suspicious-text': 'Suspicious',
}
