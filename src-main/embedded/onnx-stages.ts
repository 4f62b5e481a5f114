/** ONNX vision models from a user's folder: which kind it is, what it needs, what to ask and what its reply means. Pure. */
import type { ProposedKeyword, Stage } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'

/**
 * florence2: answers fixed task prompts. instruct: a chat model (SmolVLM, Idefics3, Qwen-VL …) that reads our prompt.
 * captioner: an encoder and a decoder that write one caption and read nothing.
 */
export type OnnxFamily = 'florence2' | 'instruct' | 'captioner'

/** @param config The folder's config.json. @throws StudioError `capability-mismatch` when it is no vision model that writes text. */
export function findFamily(config: { model_type?: unknown }): OnnxFamily {
  const type = typeof config.model_type === 'string' ? config.model_type : ''
  if (type === 'florence2') return 'florence2'
  if (type === 'vision-encoder-decoder') return 'captioner'
  if (INSTRUCT_TYPES.has(type)) return 'instruct'
  throw new StudioError('capability-mismatch', `The folder holds a model of type "${type}", which does not write text about pictures.`, {
    data: { type },
  })
}

const INSTRUCT_TYPES = new Set([
  'smolvlm',
  'idefics3',
  'llava',
  'llava_onevision',
  'qwen2_vl',
  'qwen2_5_vl',
  'qwen3_vl',
  'paligemma',
  'gemma3',
  'lfm2_vl',
])

const SESSIONS: Readonly<Record<OnnxFamily, readonly string[]>> = {
  florence2: ['vision_encoder', 'embed_tokens', 'encoder_model', 'decoder_model_merged'],
  instruct: ['vision_encoder', 'embed_tokens', 'decoder_model_merged'],
  captioner: ['encoder_model', 'decoder_model_merged'],
}

/** Precisions by file suffix, best first for a processor without a GPU. */
const PRECISIONS = [
  ['q8', '_quantized'],
  ['int8', '_int8'],
  ['uint8', '_uint8'],
  ['fp32', ''],
  ['q4', '_q4'],
  ['bnb4', '_bnb4'],
  ['q4f16', '_q4f16'],
  ['fp16', '_fp16'],
] as const
export type OnnxPrecision = (typeof PRECISIONS)[number][0]

export const PLAIN_FILES = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'] as const

/**
 * Chooses a precision for every session from the files that are there.
 * @param onnxFiles Names in the folder's `onnx` subfolder.
 * @throws StudioError `weights-missing` with the file that is not there in `data.file`.
 */
export function choosePrecisions(family: OnnxFamily, onnxFiles: readonly string[], folder: string): Record<string, OnnxPrecision> {
  return Object.fromEntries(
    SESSIONS[family].map((session) => {
      const found = PRECISIONS.find(([, suffix]) => onnxFiles.includes(`${session}${suffix}.onnx`))
      if (!found) throw missing(`onnx/${session}.onnx`, folder)
      return [session, found[0]]
    }),
  )
}

export function missing(file: string, folder: string): StudioError {
  return new StudioError('weights-missing', `The model folder ${folder} lacks ${file}.`, { data: { file, folder } })
}

/** The fixed task that a Florence-2 model is asked for a stage; plain text gets the middle one. */
export function florenceTask(stage: Stage | null): string {
  if (stage === 'caption') return '<CAPTION>'
  if (stage === 'keywords') return '<OD>'
  return stage === 'description' ? '<MORE_DETAILED_CAPTION>' : '<DETAILED_CAPTION>'
}

const MOST_KEYWORDS = 30

/** Labels of detected objects as keywords: each once; the model gives no scores, so none are invented. */
export function labelsToKeywords(labels: readonly string[]): ProposedKeyword[] {
  const words = labels.map((label) => label.trim().toLowerCase()).filter((label) => label !== '')
  return [...new Set(words)].slice(0, MOST_KEYWORDS).map((keyword) => ({ keyword, confidence: null, source: 'model', level: 'propose' }))
}

/**
 * The content of the chat reply.
 * @param reply Text, or what Florence-2 found for `<OD>`.
 * @throws StudioError `reply-empty` when the model said nothing; `capability-mismatch` when a captioner is asked for keywords.
 */
export function onnxAnswer(family: OnnxFamily, stage: Stage | null, reply: string | { labels: readonly string[] }): string {
  if (typeof reply !== 'string') return JSON.stringify({ keywords: labelsToKeywords(reply.labels) })
  const text = reply.trim()
  if (text === '') throw new StudioError('reply-empty', 'The model wrote nothing about this picture.')
  // An instruct model was asked for JSON in its prompt; the reader of replies knows how to mend it.
  if (stage === null || family === 'instruct') return text
  if (stage === 'keywords') throw noKeywords()
  return JSON.stringify({ [stage]: text })
}

/** Asked before the model runs: a captioner would spend its time for nothing. */
export function ensureCanAnswer(family: OnnxFamily, stage: Stage | null): void {
  if (family === 'captioner' && stage === 'keywords') throw noKeywords()
}

function noKeywords(): StudioError {
  return new StudioError('capability-mismatch', 'This model writes captions only; choose another model for keywords.', {
    data: { capability: 'keywords' },
  })
}
