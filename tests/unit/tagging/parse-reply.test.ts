import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Stage } from '../../../src-main/contract/model.ts'
import { MAX_KEYWORD_CHARS, MAX_KEYWORDS, normaliseKeywords } from '../../../src-main/tagging/keywords.ts'
import { parseStageReply } from '../../../src-main/tagging/parse-reply.ts'
import { anyText } from './any-text.ts'

const words = (raw: string, scored = true): string[] | string => {
  const parsed = parseStageReply('keywords', raw, { scored })
  return parsed.kind === 'keywords' ? parsed.keywords.map(({ keyword }) => keyword) : parsed.kind === 'failure' ? parsed.code : 'text'
}
const text = (stage: Stage, raw: string): string => {
  const parsed = parseStageReply(stage, raw)
  return parsed.kind === 'text' ? parsed.text : parsed.kind === 'failure' ? `! ${parsed.code}` : 'keywords'
}

describe('keywords', () => {
  it.each<[string, string, string[] | string]>([
    ['the asked shape', '{"keywords":["dog","beach"]}', ['dog', 'beach']],
    ['objects', '{"keywords":[{"keyword":"dog"},{"keyword":"beach"}]}', ['dog', 'beach']],
    ['objects and strings mixed', '{"keywords":[{"keyword":"dog"},"beach"]}', ['dog', 'beach']],
    ['a bare list', '["dog","beach"]', ['dog', 'beach']],
    ['a fence with a language', '```json\n{"keywords":["dog"]}\n```', ['dog']],
    ['a fence without a language', '```\n["dog"]\n```', ['dog']],
    ['an unclosed fence', '```json\n["dog","cat"]', ['dog', 'cat']],
    ['prose before', 'Here are the keywords: {"keywords":["dog"]}', ['dog']],
    ['prose before and after', 'Sure!\n["dog","cat"]\nLet me know [if] you need more.', ['dog', 'cat']],
    ['braces in the prose before', 'I looked {carefully} at it: {"keywords":["dog"]}', ['dog']],
    ['an object in a list', '[{"keywords":["dog","cat"]}]', ['dog', 'cat']],
    ['another common key', '{"tags":["dog"]}', ['dog']],
    ['a key in capitals', '{"Keywords":["dog"]}', ['dog']],
    ['a comma string under the key', '{"keywords":"dog, beach; sunset"}', ['dog', 'beach', 'sunset']],
    ['a trailing comma', '{"keywords":["dog","cat",]}', ['dog', 'cat']],
    ['JSON inside a JSON string', '"{\\"keywords\\":[\\"dog\\"]}"', ['dog']],
    ['a list cut inside a string', '{"keywords":["dog","beach","sun', ['dog', 'beach']],
    ['a list cut after a comma', '{"keywords":["dog","beach",', ['dog', 'beach']],
    ['a list cut inside an object', '{"keywords":[{"keyword":"dog","confidence":0.9},{"keyword":"bea', ['dog']],
    ['a list cut before its first end', '{"keywords":["do', 'reply-truncated'],
    ['an object cut before its list', '{"keywords":', 'reply-truncated'],
    ['a broken item in the middle', '{"keywords":["dog", 12x, "cat"]}', ['dog', 'cat']],
    ['numbers and nulls among the items', '{"keywords":["dog", 5, null, "cat"]}', ['dog', 'cat']],
    ['brackets and quotes inside items', '{"keywords":["a [b]","say \\"hi\\"","c } d"]}', ['a [b]', 'say "hi"', 'c } d']],
    ["Python's quotes", "['dog', 'cat']", ['dog', 'cat']],
    ['bullets', '- dog\n- beach at dusk\n', ['dog', 'beach at dusk']],
    ['numbered bullets under a heading', 'Keywords:\n1. dog\n2) beach', ['dog', 'beach']],
    ['thoughts before the answer', '<think>["cat"] maybe</think>{"keywords":["dog"]}', ['dog']],
    ['only the end of the thoughts', 'hmm, a dog</think>["dog"]', ['dog']],
    ['thoughts that never end', '<think>let me see ["dog"', 'reply-truncated'],
    ['an honest empty list', '{"keywords":[]}', []],
    ['nothing', '   \n', 'reply-empty'],
    ['a sentence', 'A dog on a beach, at sunset.', 'reply-unreadable'],
    ['the wrong schema', '{"caption":"A dog"}', 'reply-unreadable'],
    ['a refusal', "I'm sorry, I can't help with that.", 'reply-unreadable'],
    ['case twins, the first kept', '["Dog","dog","DOG","cat"]', ['Dog', 'cat']],
    ['composed and decomposed twins', '["caf\u00e9","cafe\u0301"]', ['caf\u00e9']],
    ['sharp s and capitals', '["STRASSE","stra\u00dfe"]', ['STRASSE']],
    ['white space inside and around', '["  red \\n  car\\t"]', ['red car']],
    ['controls, zero width, bidi and tag characters', '["d\\u0000o\u200bg","\u202ecat\u202c","hat\u{E0041}\u{E0042}"]', ['dog', 'cat', 'hat']],
    ['a lone surrogate', '["dog\\ud83d"]', ['dog']],
    ['a keyword longer than the bound', `["dog","${'x'.repeat(MAX_KEYWORD_CHARS + 1)}"]`, ['dog']],
    ['plurals and substrings: not our business here', '["car","oscar","trees","tree"]', ['car', 'oscar', 'trees', 'tree']],
  ])('reads %s', (_, raw, wanted) => expect(words(raw)).toEqual(wanted))

  it('cuts five thousand keywords to the bound and says how many there were', () => {
    const parsed = parseStageReply('keywords', JSON.stringify({ keywords: Array.from({ length: 5000 }, (_, at) => `k${at}`) }))
    expect(parsed).toMatchObject({ kind: 'keywords', overCount: 5000 - MAX_KEYWORDS })
    if (parsed.kind === 'keywords') expect(parsed.keywords).toHaveLength(MAX_KEYWORDS)
  })

  it('tells a broken-off list from a whole one', () => {
    expect(parseStageReply('keywords', '["a","b"]')).toMatchObject({ truncated: false })
    expect(parseStageReply('keywords', '["a","b"')).toMatchObject({ truncated: true })
  })

  const scoredReply =
    '{"keywords":[{"keyword":"dog","confidence":0.93,"source":"object","level":"maybe"},{"keyword":"x","confidence":7,"source":"<b>"}]}'
  it('keeps true scores of a scoring backend and refuses impossible ones', () => {
    expect(parseStageReply('keywords', scoredReply, { scored: true })).toMatchObject({
      keywords: [
        { keyword: 'dog', confidence: 0.93, source: 'object', level: 'maybe' },
        { keyword: 'x', confidence: null, source: 'model', level: 'propose' },
      ],
    })
  })
  it('does not pass an invented confidence off as a score', () => {
    expect(parseStageReply('keywords', scoredReply, { scored: false })).toMatchObject({
      keywords: [{ confidence: null, source: 'model', level: 'propose' }, { confidence: null }],
    })
  })
})

describe('text', () => {
  it.each<[string, string, string]>([
    ['the asked shape', '{"caption":"A dog runs."}', 'A dog runs.'],
    ['a fence', '```json\n{"caption":"A dog runs."}\n```', 'A dog runs.'],
    ['prose around', 'Here it is: {"caption":"A dog runs."} Enjoy!', 'A dog runs.'],
    ['a list of one', '[{"caption":"A dog runs."}]', 'A dog runs.'],
    ['a JSON string', '"A dog runs."', 'A dog runs.'],
    ['a raw line break in a string', '{"caption":"A dog\nruns."}', 'A dog runs.'],
    ['plain words', 'A dog runs.', 'A dog runs.'],
    ['a label', 'Caption: A dog runs.', 'A dog runs.'],
    ['a label in bold', '**Caption:** A dog runs.', 'A dog runs.'],
    ['an announcing line', 'Here is a caption:\n\nA dog runs.', 'A dog runs.'],
    ['quotes around all', '\u201cA dog runs.\u201d', 'A dog runs.'],
    ['a quotation at the end, kept', 'The sign says "stop"', 'The sign says "stop"'],
    ['two quotations, kept', '"Stop" and "go"', '"Stop" and "go"'],
    ['invisible characters', '{"caption":"A\u200b d\u202eog\\u0007 runs."}', 'A dog runs.'],
    ['an empty caption, honestly given', '{"caption":""}', ''],
    ['cut in the middle', '{"caption":"A dog ru', '! reply-truncated'],
    ['cut in a fence', '```json\n{"caption":"A dog ru', '! reply-truncated'],
    ['the wrong schema', '{"keywords":["dog"]}', '! reply-unreadable'],
    ['nothing', '', '! reply-empty'],
    ['an empty fence', '```\n```', '! reply-empty'],
  ])('reads %s', (_, raw, wanted) => expect(text('caption', raw)).toBe(wanted))

  it('takes the description and not the caption beside it', () => {
    expect(text('description', '{"caption":"short","description":"Long words."}')).toBe('Long words.')
  })
})

describe('any reply', () => {
  it('never throws and never shows an invisible character', () => {
    const piece = fc.oneof(anyText(12), fc.constantFrom('{', '}', '[', ']', '"', ',', '\\', '```', '{"keywords":[', '{"caption":"', '<think>', '\n'))
    const reply = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(reply, fc.constantFrom<Stage>('caption', 'keywords', 'description'), (raw, stage) => {
        const parsed = parseStageReply(stage, raw)
        const shown = parsed.kind === 'text' ? [parsed.text] : parsed.kind === 'keywords' ? parsed.keywords.map(({ keyword }) => keyword) : []
        for (const line of shown) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
      { numRuns: 500 },
    )
  })

  it('reads back every list that was written as JSON, whole or in prose', () => {
    const list = fc.array(fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8})?$/), { maxLength: 20 })
    fc.assert(
      fc.property(list, (keywords) => {
        const wanted = [...new Set(keywords)]
        expect(words(JSON.stringify({ keywords }))).toEqual(wanted)
        expect(words(`Well, here: ${JSON.stringify(keywords)} and that is all.`)).toEqual(wanted)
      }),
    )
  })

  it('a cut list gives a prefix of the whole one', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 10 }), fc.nat(), (keywords, cut) => {
        const raw = JSON.stringify({ keywords: [...new Set(keywords)] })
        const got = words(raw.slice(0, 14 + (cut % (raw.length - 13))))
        if (typeof got === 'string') expect(got).toBe('reply-truncated')
        else expect([...new Set(keywords)].slice(0, got.length)).toEqual(got)
      }),
    )
  })

  it('hostile nesting takes no time and no stack', () => {
    const started = performance.now()
    for (const raw of [
      '['.repeat(100_000),
      '[{'.repeat(50_000),
      `${'['.repeat(24_000)}${']'.repeat(24_000)}`,
      '{"a":'.repeat(9000) + '1' + '}'.repeat(9000),
    ]) {
      expect(parseStageReply('keywords', raw).kind).toBe('failure')
      parseStageReply('caption', raw)
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('normalising is idempotent', () => {
    const item = fc
      .string({ unit: 'binary', maxLength: 80 })
      .map((keyword) => ({ keyword, confidence: null, source: 'model', level: 'propose' as const }))
    fc.assert(
      fc.property(fc.array(item, { maxLength: 80 }), (raw) => {
        const once = normaliseKeywords(raw).keywords
        expect(normaliseKeywords(once).keywords).toEqual(once)
        expect(once.length).toBeLessThanOrEqual(MAX_KEYWORDS)
      }),
    )
  })
})
