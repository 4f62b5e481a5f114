/** The one rule by which found models are named: `<family and size>_(<QUANTISATION>)`, and what is added when that is taken. Pure. */
import { createHash } from 'node:crypto'
import { MODEL_NAME_PATTERN } from '../../registry/entry.ts'
import type { FoundModel } from './found-model.ts'

/** Words for a container or a quantisation: they are said in brackets, once. */
const FORMAT_WORD =
  /(^|[-_.:@])(?:gguf|safetensors|awq|gptq|int[48]|fp(?:8|16|32)|f(?:16|32)|bf16|nf4|mxfp[48]|nvfp4|w4a16|i?q\d(?:_[0-9a-z]+)*)(?=$|[-_.:@])/gi
/** File names that say nothing about the model. */
const SAYS_NOTHING = /^(ggml-)?model$/i
const STEM_CAP = 80

function wordsOf(found: FoundModel): string {
  const own = strip(found.title)
  const repository = found.huggingFaceId?.split('/').at(-1)
  return SAYS_NOTHING.test(own) && repository !== undefined ? strip(repository) : own
}

function strip(title: string): string {
  let text = title
  for (let before = ''; before !== text; ) {
    before = text
    text = text.replace(FORMAT_WORD, '')
  }
  return text.replace(/^[-_.:@]+|[-_.:@]+$/g, '')
}

const bracketsOf = (quantization: string | null) => quantization?.toUpperCase().replace(/[^A-Z0-9]+/g, '_') ?? ''

/** For people: `Qwen3-VL-8B-Instruct (FP8)`; Ollama's own tag where there is one. */
export function labelOf(found: FoundModel): string {
  if (found.source === 'ollama' || found.source === 'server') return found.repo
  const brackets = bracketsOf(found.quantization)
  const words = wordsOf(found) || found.title
  return brackets === '' ? words : `${words} (${brackets})`
}

function nameOf(found: FoundModel): string {
  const stem = wordsOf(found)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '_')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, STEM_CAP)
  const brackets = bracketsOf(found.quantization).slice(0, 20)
  const name = brackets === '' ? stem : `${stem || 'model'}_(${brackets})`
  return MODEL_NAME_PATTERN.test(name) ? name : 'model'
}

export function identityOf(found: Pick<FoundModel, 'scope' | 'repo' | 'file' | 'quantization'>): string {
  return JSON.stringify([found.scope, found.repo, found.file, found.quantization])
}

/** The first of: the plain name, with the backend, with the publisher too, with a number made from its identity. */
export function freeName(found: FoundModel, taken: ReadonlySet<string>): string {
  const base = nameOf(found)
  const publisher = found.huggingFaceId?.split('/')[0]?.toLowerCase()
  const identity = createHash('sha256').update(identityOf(found)).digest('hex').slice(0, 8)
  const candidates = [base, `${base}@${found.backend}`, ...(publisher ? [`${base}@${publisher}`] : []), `${base}@${identity}`]
  return candidates.find((name) => !taken.has(name) && MODEL_NAME_PATTERN.test(name)) ?? `${base}@${identity}`
}
