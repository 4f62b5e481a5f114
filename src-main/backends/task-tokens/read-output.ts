/** What a task prompt's output says: clean text, boxes in fractions of the picture, words. Tolerant of anything that a model may write. Pure. */

export interface FoundObject {
  label: string
  /** Left, top, right, bottom in 0..1 of the picture's width and height. */
  box: [number, number, number, number]
}

/** Positions are written as one of a thousand equal steps along an edge; the middle of the step is meant. */
const STEPS = 1000
const MOST_OBJECTS = 200
const MOST_CHARS = 20_000
const LONGEST_LABEL = 64
const MARKS = /<\/?[A-Za-z][A-Za-z0-9_]{0,40}>/g
const LABEL_WITH_PLACES = /([^<]*)((?:<loc_\d{1,4}>)+)/g

/** Without the tokens that are no text. */
export function cleanText(output: string): string {
  return output
    .slice(0, MOST_CHARS)
    .replace(MARKS, ' ')
    .replace(/\s+/g, ' ')
    .replace(/\s+([.,;:!?])/g, '$1')
    .trim()
}

/**
 * `car<loc_54><loc_375><loc_906><loc_707>`, one label for each following group of four. Groups that are not whole, have no area or no label
 * are left out.
 */
export function readObjects(output: string): FoundObject[] {
  const found: FoundObject[] = []
  const text = output.slice(0, MOST_CHARS).replace(/<\/?(?:s|pad|unk|bos|eos|OD)>/gi, '')
  for (const [, before, places] of text.matchAll(LABEL_WITH_PLACES)) {
    const label = cleanLabel(before!)
    if (label === '') continue
    const steps = [...places!.matchAll(/<loc_(\d+)>/g)].map(([, step]) => Number(step))
    for (let at = 0; at + 4 <= steps.length; at += 4) {
      const box = toBox(steps.slice(at, at + 4))
      if (box) found.push({ label, box })
      if (found.length >= MOST_OBJECTS) return found
    }
  }
  return found
}

function cleanLabel(text: string): string {
  const label = text
    .replace(/[^\p{L}\p{N}\s'&-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
  return label.length <= LONGEST_LABEL ? label : ''
}

function toBox(steps: number[]): FoundObject['box'] | null {
  const [x0, y0, x1, y1] = steps.map((step) => (Math.min(step, STEPS - 1) + 0.5) / STEPS) as [number, number, number, number]
  const box: FoundObject['box'] = [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)]
  return box[0] < box[2] && box[1] < box[3] ? box : null
}

const MOST_WORDS_IN_A_KEYWORD = 3
/** Words between the things that a sentence names. A heuristic for English captions, no grammar. */
const BETWEEN_THINGS = new Set(
  (
    'a an the this that these those some several many few two three four five other another each both all any no not very ' +
    'and or but with without of in on at by to from for into onto over under near behind beside between through across along around above below ' +
    'up down off out against towards toward while as if so than then there here where which who whose what when ' +
    'is are was were be been being has have had do does did can could may might will would it its he she they we you i his her their our your him them ' +
    'image picture photo photograph scene view background foreground middle center side top bottom left right front back part ' +
    'see seen show shows showing shown look looks looking appear appears appearing depict depicts depicted features featuring visible ' +
    'stand stands standing sit sits sitting lie lies lying walk walks walking wear wears wearing hold holds holding park parked place placed ' +
    'surround surrounded cover covered fill filled make made'
  ).split(' '),
)

/** The things that a caption names, in their order, each once. */
export function namedThings(caption: string): string[] {
  const things: string[] = []
  for (const clause of cleanText(caption)
    .toLowerCase()
    .split(/[.,;:!?()"]+/)) {
    let words: string[] = []
    const close = () => {
      if (words.length > 0 && words.length <= MOST_WORDS_IN_A_KEYWORD && words.join('').length > 2) things.push(words.join(' '))
      words = []
    }
    for (const word of clause.split(/\s+/)) {
      if (BETWEEN_THINGS.has(word) || !/^[\p{L}][\p{L}'-]*$/u.test(word)) close()
      else words.push(word)
    }
    close()
  }
  return [...new Set(things)]
}

const MOST_KEYWORDS = 40

/** Labels of the objects, then what the caption names beyond them. */
export function toKeywords(objects: readonly FoundObject[], caption: string): string[] {
  return [...new Set([...objects.map(({ label }) => label), ...namedThings(caption)])].slice(0, MOST_KEYWORDS)
}
