import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../src-main/proxy/body/bytes.ts'
import { rewriteObject, scanObject } from '../../../src-main/proxy/body/json-scan.ts'

const scan = (text: string, maxDepth = 64) => scanObject(bytesOf([Buffer.from(text)]), { maxDepth })
const rewrite = (text: string, change: Partial<Parameters<typeof rewriteObject>[2]>) => {
  const bytes = bytesOf([Buffer.from(text)])
  return Buffer.concat(
    rewriteObject(bytes, scanObject(bytes, { maxDepth: 64 }), { replace: new Map(), add: new Map(), drop: [], ...change }),
  ).toString()
}

describe('exchanging one value', () => {
  it('must leave every other byte, large numbers and odd spacing included', () => {
    const text = '{ "seed":12345678901234567890,\n "model" : "old" ,"x":[1.0,{"model":"inner"}], "e":1e400 }'
    expect(rewrite(text, { replace: new Map([['model', '"new"']]) })).toBe(text.replace('"old"', '"new"'))
  })
  it('must find a key written with escapes and not be fooled by text', () => {
    expect(rewrite('{"t":"\\"model\\":\\"x\\\\","\\u006dodel":"old"}', { replace: new Map([['model', '"new"']]) })).toBe(
      '{"t":"\\"model\\":\\"x\\\\","\\u006dodel":"new"}',
    )
  })
  it('must do to any object what the same change does to its parsed form', () => {
    const member = fc.constantFrom('model', 'a', 'b', 'chat_template', 'ü"\\')
    fc.assert(
      fc.property(
        fc.dictionary(member, fc.jsonValue()),
        fc.subarray(['a', 'b', 'chat_template']),
        fc.boolean(),
        fc.constantFrom(0, 2),
        (object, drop, add, indent) => {
          const text = rewrite(JSON.stringify(object, null, indent), {
            replace: new Map([['model', '"new"']]),
            add: add ? new Map([['added', '[1]']]) : new Map(),
            drop,
          })
          const wanted = Object.fromEntries(Object.entries(object).filter(([key]) => !(drop as string[]).includes(key)))
          if ('model' in wanted) wanted['model'] = 'new'
          if (add) wanted['added'] = [1]
          // JSON has no -0 in JavaScript's printing.
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(wanted)))
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('refusals before any parser sees the body', () => {
  it('depth', () => {
    expect(() => scan(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)).toThrow(
      expect.objectContaining({ code: 'request-invalid', message: expect.stringContaining('deeper than 64') }),
    )
    expect(scan(`{"a":${'['.repeat(63)}${']'.repeat(63)}}`).top.size).toBe(1)
  })
  it('the same key twice: two readers could see two models', () => expect(() => scan('{"model":"a","model":"b"}')).toThrow(/twice/))
  for (const text of ['', '[]', '"x"', '{"a":"b', '{"a":1}}', '{"a":[1}', '{"a":{']) {
    it(`${JSON.stringify(text)} is no object or not complete`, () => {
      let parsed: unknown
      try {
        scan(text)
        parsed = JSON.parse(text)
      } catch {
        return
      }
      expect.unreachable(`took ${JSON.stringify(parsed)}`)
    })
  }
})
