import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../src-main/proxy/body/bytes.ts'
import { scanObject } from '../../../src-main/proxy/body/json-scan.ts'
import { leaveOut } from '../../../src-main/proxy/body/stand-ins.ts'

const open = (text: string) => {
  const bytes = bytesOf([Buffer.from(text)])
  return leaveOut(bytes, scanObject(bytes, { maxDepth: 64 }))
}
const LONG = 'word ü "quoted" \\ '.repeat(400)

describe('long texts are left out', () => {
  it('must leave a small skeleton of the same shape, and give every text back', () => {
    const body = { model: 'm', a: [LONG, 'short'], b: { url: 'data:image/png;base64,AAAA' } }
    const standIns = open(JSON.stringify(body))
    expect(standIns.skeleton.length).toBeLessThan(200)
    const shape = JSON.parse(standIns.skeleton) as typeof body
    expect(Object.keys(shape)).toEqual(['model', 'a', 'b'])
    expect([standIns.read(shape.a[0]!), standIns.read(shape.a[1]!), standIns.read(shape.b.url)]).toEqual([LONG, 'short', body.b.url])
    expect(standIns.bytesOf(shape.a[0]!)).toBe(Buffer.byteLength(JSON.stringify(LONG)) - 2)
    expect(standIns.head(shape.b.url, 11)).toBe('data:image/')
  })

  it('a data address is found in any case, a text that only looks like a stand-in is itself', () => {
    const standIns = open('{"a":"DATA:image/png;base64,AA","b":"left-out-0123:0"}')
    const shape = JSON.parse(standIns.skeleton) as { a: string; b: string }
    expect(standIns.find(shape.a)).toBeDefined()
    expect(standIns.find(shape.b)).toBeUndefined()
  })

  it('slashes that a writer escapes must not hide what an address is', () => {
    const standIns = open('{"a":"data:image\\/jpeg;base64,\\/9j\\/"}')
    expect(standIns.head((JSON.parse(standIns.skeleton) as { a: string }).a, 11)).toBe('data:image/')
  })

  it('writing the skeleton gives back the same value, whatever it holds', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(LONG, 'data:image/png;base64,AA==', 'data:"\\'))
    const { object } = fc.letrec((tie) => ({
      object: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.array(fc.oneof(text, tie('object')), { maxLength: 3 })), { maxKeys: 4 }),
    }))
    fc.assert(
      fc.property(object, fc.constantFrom(0, 2), (value, indent) => {
        const written = JSON.stringify(value, null, indent)
        const standIns = open(written)
        const shape: unknown = JSON.parse(standIns.skeleton)
        expect(JSON.parse(Buffer.concat(standIns.write(JSON.stringify(shape))).toString())).toEqual(JSON.parse(written))
      }),
      { numRuns: 60 },
    )
  })
})
