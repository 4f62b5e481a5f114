import { describe, expect, it } from 'vitest'
import type { EntryRecord } from '../../../src-main/registry/entry.ts'
import { mergeLayers, parseLayer } from '../../../src-main/registry/layers.ts'
import { shippedRegistry } from './seeds.ts'

const preset = { name: 'a', backend: 'vllm', quantization: 'fp8', backend_config: { port: 1, host: 'h' }, roles: ['caption'], odd: { kept: 1 } }
const merge = (curated: EntryRecord[], user: EntryRecord[]) =>
  mergeLayers([
    { layer: 'curated', file: 'curated.json', records: curated },
    { layer: 'user', file: 'user.json', records: user },
  ])
const only = (registry: ReturnType<typeof merge>) => registry.entries[0]

describe('layers persist the delta', () => {
  it('add a preset: it appears', () => {
    expect(merge([preset, { ...preset, name: 'b' }], []).entries.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('change a preset: the new value is seen through a change of something else', () => {
    const user = [{ name: 'a', backend_config: { port: 2 } }]
    expect(only(merge([{ ...preset, quantization: 'awq' }], user))).toMatchObject({ quantization: 'awq', backend_config: { port: 2, host: 'h' } })
  })

  it('change an overridden value: the user stays, and each value tells its layer', () => {
    const registry = merge([{ ...preset, quantization: 'awq' }], [{ name: 'a', quantization: 'q8_0', backend_config: { port: 2 } }])
    expect(only(registry)?.quantization).toBe('q8_0')
    expect(registry.provenance.get('a')).toMatchObject({
      '/quantization': 'user',
      '/backend_config/port': 'user',
      '/backend_config/host': 'curated',
      '/odd/kept': 'curated',
    })
  })

  it('remove a preset: the change alone is no model, and no error', () => {
    const registry = merge([], [{ name: 'a', quantization: 'q8_0' }])
    expect(registry.entries).toEqual([])
    expect(registry.problems).toEqual([])
  })
})

describe('merging', () => {
  it('unknown keys must survive', () => expect(only(merge([preset], [{ name: 'a', mine: [1] }]))).toMatchObject({ odd: { kept: 1 }, mine: [1] }))
  it('null takes a value away, removed hides the entry', () => {
    expect(only(merge([preset], [{ name: 'a', quantization: null }]))?.quantization).toBeNull()
    expect(merge([preset], [{ name: 'a', removed: true }]).entries).toEqual([])
  })

  it('a bad change must not take its entry away, nor hide where it is wrong', () => {
    const registry = merge([preset], [{ name: 'a', backend_config: { port: 'abc' } }])
    expect(only(registry)?.backend_config.port).toBe(1)
    expect(registry.problems).toEqual([
      expect.objectContaining({
        code: 'registry-invalid',
        data: expect.objectContaining({ file: 'user.json', entry: 'a', field: 'backend_config.port' }),
      }),
    ])
  })

  it('a key that would replace the prototype must not', () => {
    const hostile = JSON.parse('{"name":"a","metadata":{"__proto__":{"endpoint_consent":"https://evil.example"}}}') as EntryRecord
    expect(only(merge([preset], [hostile]))?.metadata['endpoint_consent']).toBeUndefined()
  })
})

describe('reading a file', () => {
  const cases: [string, string][] = [
    ['{', 'is not JSON'],
    ['42', 'list of models'],
    ['{"models":{}}', 'list of models'],
    ['[{"backend":"vllm"}]', 'no proper name'],
    ['[{"name":"../../x","backend":"vllm"}]', 'no proper name'],
    ['[{"name":"-flag","backend":"vllm"}]', 'no proper name'],
    ['[{"name":"a$(x)","backend":"vllm"}]', 'no proper name'],
    ['[{"name":"a"},{"name":"a"}]', 'there twice'],
  ]
  for (const [text, reason] of cases) {
    it(`${text} must be refused by name`, () => {
      expect(() => parseLayer(text, 'f.json')).toThrow(
        expect.objectContaining({ code: 'registry-invalid', message: expect.stringMatching(new RegExp(`^f.json: .*${reason}`)) }),
      )
    })
  }
  it('the other keys of an object file are kept for saving', () => {
    expect(parseLayer('{"schema_version":1,"models":[{"name":"a"}],"note":"mine"}', 'f').rest).toEqual({ schema_version: 1, note: 'mine' })
  })
  it('what ships is valid, whole', () => {
    expect(shippedRegistry.problems).toEqual([])
    expect(shippedRegistry.entries).toHaveLength(4)
  })
})
