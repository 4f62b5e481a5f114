/** The nouns of the detector in the order of its classes: natural English words for the 80 COCO classes. */
export const LABELS: readonly string[] = [
  ...['person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat', 'traffic light'],
  ...['fire hydrant', 'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog', 'horse', 'sheep', 'cow'],
  ...['elephant', 'bear', 'zebra', 'giraffe', 'backpack', 'umbrella', 'handbag', 'tie', 'suitcase', 'frisbee'],
  ...['skis', 'snowboard', 'ball', 'kite', 'baseball bat', 'baseball glove', 'skateboard', 'surfboard', 'tennis racket', 'bottle'],
  ...['wine glass', 'cup', 'fork', 'knife', 'spoon', 'bowl', 'banana', 'apple', 'sandwich', 'orange'],
  ...['broccoli', 'carrot', 'hot dog', 'pizza', 'doughnut', 'cake', 'chair', 'sofa', 'potted plant', 'bed'],
  ...['dining table', 'toilet', 'television', 'laptop', 'computer mouse', 'remote control', 'keyboard', 'mobile phone', 'microwave', 'oven'],
  ...['toaster', 'sink', 'refrigerator', 'book', 'clock', 'vase', 'scissors', 'teddy bear', 'hair dryer', 'toothbrush'],
]

const IRREGULAR: Readonly<Record<string, string>> = {
  person: 'people',
  sheep: 'sheep',
  skis: 'skis',
  knife: 'knives',
  broccoli: 'broccoli',
  'computer mouse': 'computer mice',
  scissors: 'scissors',
}
/** Words that take no "a": said bare, or as a pair. */
const UNCOUNTED: Readonly<Record<string, string>> = { broccoli: 'broccoli', scissors: 'a pair of scissors', skis: 'a pair of skis' }

const NUMBER_WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']

export function pluralOf(noun: string): string {
  const irregular = IRREGULAR[noun]
  if (irregular) return irregular
  return /(s|sh|ch|x)$/.test(noun) ? `${noun}es` : `${noun}s`
}

export function withArticle(noun: string): string {
  return UNCOUNTED[noun] ?? `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

/** "two", "twelve", then digits. */
export function numberWord(count: number): string {
  return NUMBER_WORDS[count] ?? String(count)
}

/** "a", "a and b", "a, b and c". */
export function joinWithAnd(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? ''
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
