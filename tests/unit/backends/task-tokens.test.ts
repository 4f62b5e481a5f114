import { describe, expect, it } from 'vitest'
import { chooseWish, tasksOf } from '../../../src-main/backends/task-tokens/choose-tasks.ts'
import { composeAnswer } from '../../../src-main/backends/task-tokens/compose-answer.ts'
import { cleanText, namedThings, readObjects, toKeywords } from '../../../src-main/backends/task-tokens/read-output.ts'

const schemaOf = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', properties, required } } },
})
const tasks = (body: Record<string, unknown>, text: string) => tasksOf(chooseWish(body, text))

describe('which task a request stands for', () => {
  const cases: [string, Record<string, unknown>, string, string[]][] = [
    ['a token in the text wins over all else', schemaOf({ caption: {} }), 'Please <OD> this; describe it', ['<OD>']],
    ['the longer token is not taken for the shorter', {}, '<MORE_DETAILED_CAPTION>', ['<MORE_DETAILED_CAPTION>']],
    ['the schema wins over the words', schemaOf({ caption: {} }), 'keywords: a, b. Write a caption', ['<CAPTION>']],
    [
      'each field brings its task, each task once',
      schemaOf({ caption: {}, keywords: {}, objects: {} }),
      '',
      ['<CAPTION>', '<OD>', '<DETAILED_CAPTION>'],
    ],
    ['the role wins over the words', { model: 'role:object_detection' }, 'describe', ['<OD>']],
    ['words for keywords', {}, 'Give ten keywords for the caption', ['<OD>', '<DETAILED_CAPTION>']],
    ['words for a description', {}, 'Describe this picture', ['<MORE_DETAILED_CAPTION>']],
    ['words for a caption', {}, 'A short caption', ['<CAPTION>']],
    ['words for objects', {}, 'Detect the objects with bounding boxes', ['<OD>']],
    ['no word at all', {}, 'Was ist das?', ['<DETAILED_CAPTION>']],
    ['JSON without a schema', { response_format: { type: 'json_object' } }, 'keywords', ['<OD>', '<DETAILED_CAPTION>']],
  ]
  for (const [what, body, text, expected] of cases) it(what, () => expect(tasks(body, text)).toEqual(expected))

  it('a required field that no task can fill is refused by name; one that may be missing is left out', () => {
    expect(() => chooseWish(schemaOf({ caption: {}, mood: {} }), '')).toThrow(
      expect.objectContaining({ code: 'request-invalid', message: expect.stringContaining('mood') }),
    )
    expect(chooseWish(schemaOf({ caption: {}, mood: {} }, ['caption']), '')).toMatchObject({ fields: [{ name: 'caption' }] })
    expect(() => chooseWish(schemaOf({}), '')).toThrow(expect.objectContaining({ code: 'request-invalid' }))
    expect(() => chooseWish({ response_format: { type: 'json_schema' } }, '')).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })
})

describe('boxes', () => {
  it('each four places after a label are one box, in fractions, whatever corner comes first', () => {
    expect(readObjects('<s>dog<loc_0><loc_0><loc_499><loc_999><loc_900><loc_800><loc_500><loc_400>ball<loc_1><loc_1><loc_2><loc_2></s>')).toEqual([
      { label: 'dog', box: [0.0005, 0.0005, 0.4995, 0.9995] },
      { label: 'dog', box: [0.5005, 0.4005, 0.9005, 0.8005] },
      { label: 'ball', box: [0.0015, 0.0015, 0.0025, 0.0025] },
    ])
  })
  const garbage: [string, string][] = [
    ['nothing', ''],
    ['a sentence', 'A dog lies on the grass.'],
    ['places that are not four', 'dog<loc_1><loc_2><loc_3>'],
    ['a box without area', 'dog<loc_5><loc_5><loc_5><loc_9>'],
    ['no label', '<loc_1><loc_1><loc_9><loc_9>'],
    ['half a token', 'dog<loc_1><loc_2><loc_3><loc_'],
    ['words in place of numbers', 'dog<loc_a><loc_b><loc_c><loc_d>'],
    ['a label of a thousand letters', `${'x'.repeat(1000)}<loc_1><loc_1><loc_9><loc_9>`],
    ['only marks', '</s><s></s><pad><pad>'],
  ]
  for (const [what, output] of garbage) it(`${what} gives none, and no error`, () => expect(readObjects(output)).toEqual([]))
  it('a place beyond the edge is the edge', () =>
    expect(readObjects('x<loc_0><loc_0><loc_9999><loc_1000>')[0]!.box).toEqual([0.0005, 0.0005, 0.9995, 0.9995]))
  it('an endless answer must not become an endless list, nor take long', () => {
    const startedAtMs = performance.now()
    expect(readObjects('cat<loc_1><loc_1><loc_9><loc_9>'.repeat(100_000)).length).toBeLessThanOrEqual(200)
    expect(readObjects('<loc_'.repeat(200_000))).toEqual([])
    expect(performance.now() - startedAtMs).toBeLessThan(1_000)
  })
})

describe('text and keywords', () => {
  it('marks are no text', () =>
    expect(cleanText('</s><s><cap>A green car <loc_3>parked in front of a yellow building .</s><pad>\n')).toBe(
      'A green car parked in front of a yellow building.',
    ))
  it('what a caption names becomes words, what it says about the picture does not', () =>
    expect(
      namedThings(
        'In this image we can see a car parked on the road. In the background there is a wall with doors and windows, and there are palm trees.',
      ),
    ).toEqual(['car', 'road', 'wall', 'doors', 'windows', 'palm trees']))
  it('labels come first, each word once', () =>
    expect(toKeywords(readObjects('car<loc_1><loc_1><loc_9><loc_9>Car<loc_1><loc_1><loc_9><loc_9>'), 'A car on a road.')).toEqual(['car', 'road']))
})

describe('the answer', () => {
  const outputs = new Map([
    ['<CAPTION>', '<s>A car.</s>'],
    ['<OD>', 'car<loc_0><loc_0><loc_9><loc_9>wheel<loc_1><loc_1><loc_3><loc_3>'],
    ['<DETAILED_CAPTION>', 'A car on a road.'],
  ] as const)
  const answer = (body: Record<string, unknown>) => JSON.parse(composeAnswer(chooseWish(body, ''), outputs)) as unknown
  it('has the fields asked for, in the form asked for', () => {
    const keywords = { type: 'array', maxItems: 2, items: { type: 'object', properties: { keyword: { type: 'string' } } } }
    expect(answer(schemaOf({ title: { type: 'string' }, keywords }))).toEqual({
      title: 'A car.',
      keywords: [{ keyword: 'car' }, { keyword: 'wheel' }],
    })
    expect(answer(schemaOf({ tags: { type: 'array', items: { type: 'string' } } }))).toEqual({ tags: ['car', 'wheel', 'road'] })
  })
  it('a missing output is empty, not an error', () => expect(answer(schemaOf({ description: {}, objects: {} }))).toMatchObject({ description: '' }))
})
