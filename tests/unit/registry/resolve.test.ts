import { describe, expect, it } from 'vitest'
import { entrySchema, huggingFaceIdOf } from '../../../src-main/registry/entry.ts'
import { resolveModelName } from '../../../src-main/registry/resolve.ts'
import { shippedRegistry } from './seeds.ts'

const nameOf = (spelling: string) => resolveModelName(shippedRegistry, spelling).name
const entry = (name: string, more: Record<string, unknown> = {}) => entrySchema.parse({ name, backend: 'ollama', ...more })

describe('any spelling of one model', () => {
  const spellings: Record<string, string[]> = {
    'qwen3-vl-8b-instruct_(FP8)': [
      'qwen3-vl-8b-instruct_(FP8)',
      'Qwen3-VL-8B-Instruct_(fp8)',
      'qwen3-vl-8b-instruct (FP8)',
      'Qwen/Qwen3-VL-8B-Instruct-FP8',
      'qwen3-vl-8b-instruct-fp8',
      ' qwen3vl8binstructfp8 ',
    ],
    'qwen25vl_8.3b_(Q4_K_M)': ['qwen2.5vl:7b', 'QWEN2.5VL:7B', 'Qwen/Qwen2.5-VL-7B-Instruct', 'Qwen2.5-VL 7B (Q4_K_M)'],
    'florence-2-large_(FP16)': ['florence-2-large_(FP16)', 'microsoft/Florence-2-large', 'Florence-2 Large (FP16)', 'florence 2 large fp16'],
    'embedded-basic-facts': ['Basic facts (no vision-language model)', 'embedded-basic-facts'],
  }
  for (const [name, list] of Object.entries(spellings)) {
    for (const spelling of list) it(`"${spelling}" must reach ${name}`, () => expect(nameOf(spelling)).toBe(name))
  }

  it('a near miss is an error that names the nearest, never a guess', () => {
    expect(() => nameOf('qwen3-vl-8b')).toThrow(
      expect.objectContaining({
        code: 'model-unknown',
        data: expect.objectContaining({ nearest: expect.arrayContaining(['qwen3-vl-8b-instruct_(FP8)']) }),
      }),
    )
    expect(() => nameOf('()')).toThrow(expect.objectContaining({ code: 'model-unknown' }))
    expect(() => nameOf('')).toThrow(expect.objectContaining({ code: 'model-unknown' }))
  })

  it('two models under one tag must be told, not the first one taken', () => {
    const entries = [entry('one', { served_model_id: 'llava:latest' }), entry('two', { served_model_id: 'llava' })]
    expect(() => resolveModelName({ entries }, 'llava')).toThrow(
      expect.objectContaining({ code: 'model-ambiguous', data: expect.objectContaining({ candidates: ['one', 'two'] }) }),
    )
    expect(resolveModelName({ entries }, 'two').name).toBe('two')
  })

  it('a deprecated entry gives way to a current one of the same label, but still answers to its own name', () => {
    const entries = [entry('old', { deprecated: true, display_name: 'Llava' }), entry('new', { display_name: 'LLaVA' })]
    expect(resolveModelName({ entries }, 'llava').name).toBe('new')
    expect(resolveModelName({ entries }, 'old').name).toBe('old')
  })

  it('a model whose weights are gone gives way to one that is here', () => {
    const entries = [entry('old', { display_name: 'Llava', metadata: { missing: true } }), entry('new', { display_name: 'LLaVA' })]
    expect(resolveModelName({ entries }, 'llava').name).toBe('new')
  })

  it('a Hugging Face id that is a path or a flag must not be one', () => {
    for (const id of ['../../etc/passwd', '--trust-remote-code', 'a/../b', 'a b/c', 'a/b/c', '$(x)/y']) {
      expect(huggingFaceIdOf(entry('x', { source: { huggingface_id: id } })), id).toBeNull()
    }
    expect(huggingFaceIdOf(entry('x', { source: { huggingface_id: 'Qwen/Qwen2.5-VL-7B-Instruct' } }))).not.toBeNull()
  })

  it('the word None in an older file must not become an id that matches', () => {
    expect(entry('x', { served_model_id: 'None' }).served_model_id).toBeNull()
  })
})
