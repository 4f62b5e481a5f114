import { isUtf8 } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, isUtf8Bytes } from '../../../src-main/proxy/body/bytes.ts'
import { scanObject } from '../../../src-main/proxy/body/json-scan.ts'

const cut = (all: Buffer, cuts: readonly number[]) => {
  const ends = [...cuts.map((at) => at % (all.length + 1)), all.length].sort((a, b) => a - b)
  return bytesOf(ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end)))
}
const cuts = fc.array(fc.nat(), { maxLength: 8 })

describe('a body in parts is the same body', () => {
  it('for every piece of it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), cuts, fc.nat(60), fc.nat(60), (array, where, a, b) => {
        const all = Buffer.from(array)
        const [start, end] = [Math.min(a, b, all.length), Math.min(Math.max(a, b), all.length)]
        const parts = cut(all, where)
        expect(parts.length).toBe(all.length)
        expect(parts.slice(start, end)).toEqual(all.subarray(start, end))
        expect(Buffer.concat(parts.pieces(start, end))).toEqual(all.subarray(start, end))
      }),
    )
  })
  it('for its being UTF-8, damaged or not', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => Buffer.from(value))
    const damaged = fc.tuple(text, fc.nat(), fc.nat(255)).map(([all, at, by]) => {
      if (all.length > 0) all[at % all.length] = by
      return all
    })
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          damaged,
          fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array)),
        ),
        cuts,
        (all, where) => {
          expect(isUtf8Bytes(cut(all, where))).toBe(isUtf8(all))
        },
      ),
      { numRuns: 2000 },
    )
  })
  it('for the scan, cut inside escapes, keys and long texts', () => {
    const text = fc.oneof(
      fc.constantFrom('\\', '\\"', '"', 'data:image/png;base64,AA', `${'\\'.repeat(9)}"`, 'x'.repeat(5000), 'd'),
      fc.string({ maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.integer()), { maxKeys: 4 }), cuts, (value, where) => {
        const all = Buffer.from(JSON.stringify(value))
        const limits = { maxDepth: 9 }
        expect(scanObject(cut(all, where), limits)).toEqual(scanObject(bytesOf([all]), limits))
      }),
      { numRuns: 500 },
    )
  })
})
