import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntryRecord } from '../../../src-main/registry/entry.ts'
import { mergeLayers, parseLayer } from '../../../src-main/registry/layers.ts'
import { findJsonFault } from '../../../src-main/registry/strict-json.ts'
import { shipped, shippedRegistry } from './seeds.ts'

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

describe('what was found out about an entry', () => {
  const facts = { name: 'a', download_size_bytes: 7, metadata: { digest: 'd' } }
  const withFacts = (curated: EntryRecord[], user: EntryRecord[]) =>
    mergeLayers([
      { layer: 'curated', file: 'curated.json', records: curated },
      { layer: 'discovered', file: 'discovered.json', records: [facts] },
      { layer: 'user', file: 'user.json', records: user },
    ])
  it('lies over what ships and under what the user says, even for an entry that only the user describes', () => {
    const shippedOne = withFacts([preset], [{ name: 'a', metadata: { digest: 'mine' } }])
    expect(only(shippedOne)).toMatchObject({ download_size_bytes: 7, metadata: { digest: 'mine' } })
    expect(shippedOne.provenance.get('a')).toMatchObject({ '/download_size_bytes': 'discovered', '/metadata/digest': 'user' })
    const usersOne = withFacts([], [preset])
    expect(only(usersOne)).toMatchObject({ download_size_bytes: 7, quantization: 'fp8' })
    expect(usersOne.provenance.get('a')).toMatchObject({ '/download_size_bytes': 'discovered', '/quantization': 'user' })
  })
  it('alone is no model', () => expect(withFacts([], []).entries).toEqual([]))
})

describe('hostile files', () => {
  const failure = (text: string) => {
    try {
      parseLayer(text, 'f.json')
    } catch (error) {
      return error
    }
    return undefined
  }
  const says = (field: string, entry?: string | number) =>
    expect.objectContaining({
      code: 'registry-invalid',
      data: expect.objectContaining({ file: 'f.json', field, ...(entry === undefined ? {} : { entry }) }),
    })

  it('a key given twice must be told with its place, not decided by the last one', () => {
    expect(failure('[{"backend_config":{"port":1,"po\\u0072t":2},"name":"a"}]')).toEqual(says('backend_config.port', 'a'))
    expect(failure('{"models":[{"name":"a","backend":"vllm","backend":"ollama"}]}')).toEqual(says('backend', 'a'))
    expect(failure('{"models":[],"models":[{"name":"a"}]}')).toEqual(says('models'))
    expect(failure('[{"name":"a","name":"b"}]')).toEqual(says('name', 'b'))
  })
  it('the same key in different objects, or inside a string, is no fault', () => {
    expect(failure('[{"name":"a","x":[{"k":1},{"k":2}],"y":"{\\"k\\":1,\\"k\\":2}"},{"name":"b","x":"\\\\"}]')).toBeUndefined()
  })
  it('deep nesting must not exhaust the stack', () => {
    const deep = `[{"name":"a","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`
    expect(failure(deep)).toEqual(says(expect.stringMatching(/^x\.0/) as unknown as string, 'a'))
  })
  it('names that are paths, flags or shell text are refused', () => {
    for (const name of [
      '../../x',
      '/etc/passwd',
      'C:\\x',
      '\\\\host\\x',
      '-flag',
      ';rm',
      '$(x)',
      '%APPDATA%',
      'a b',
      'a\u0000',
      'a/b',
      '',
      'a..b',
      'x'.repeat(129),
    ]) {
      expect(failure(JSON.stringify([{ name, backend: 'vllm' }])), name).toEqual(says('name', 1))
    }
    for (const name of [7, null, {}, ['a']]) expect(failure(JSON.stringify([{ name }]))).toEqual(says('name', 1))
  })
  it('whatever else a file may hold is a named error', () => {
    for (const text of ['', 'null', '7', '"x"', '{"models":7}', '[1]', '[[]]', '\uFEFF[', '[{"name":"a"},{"name":"a"}]'])
      expect(failure(text), text).toMatchObject({ code: 'registry-invalid' })
  })
})

describe('any content', () => {
  const json = fc.jsonValue({ maxDepth: 5 })
  it('that JSON can say is without a fault as long as no key is given twice', () => {
    fc.assert(fc.property(json, (value) => findJsonFault(JSON.stringify(value, null, 1)) === undefined))
  })
  it('a repeated key is found wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), json, json, json, (key, one, other, around) => {
        const twice = `{${JSON.stringify(key)}:${JSON.stringify(one)},${JSON.stringify(key)}:${JSON.stringify(other)}}`
        expect(findJsonFault(`[${JSON.stringify(around)},{"x":[${twice}]}]`)?.path).toEqual([1, 'x', 0, key])
      }),
    )
  })
  it('of a record is taken or left out with a problem, never thrown at whoever asks', () => {
    const record = fc.record({
      name: fc.constantFrom('a', 'b'),
      backend: fc.oneof(fc.constant('vllm'), json),
      metadata: json,
      roles: json,
      probes: json,
    })
    fc.assert(fc.property(fc.array(record), (records) => void merge([preset], records as EntryRecord[])))
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
    expect(shippedRegistry.entries.map(({ name }) => name)).toEqual(shipped.map(({ name }) => name))
    for (const { name, metadata, backend } of shippedRegistry.entries)
      if (backend !== 'embedded')
        expect(metadata['architecture'], name).toMatchObject({
          num_layers: expect.any(Number),
          num_kv_heads: expect.any(Number),
          head_dim: expect.any(Number),
          params_billion: expect.any(Number),
          vision: { params_million: expect.any(Number) },
        })
  })
})
