/** Loads and runs an ONNX vision model from a folder on disk. Runs in the onnx worker; nothing is ever fetched. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Stage } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import {
  choosePrecisions,
  ensureCanAnswer,
  findFamily,
  florenceTask,
  missing,
  type OnnxFamily,
  type OnnxPrecision,
  onnxAnswer,
  PLAIN_FILES,
} from './onnx-stages.ts'
import { decodePixels } from './pixels.ts'

const DEFAULT_TOKENS = 512

export interface OnnxQuestion {
  stage: Stage | null
  image: Uint8Array
  texts: readonly string[]
  maxTokens: number | null
}

export interface OnnxModel {
  readonly family: OnnxFamily
  /** @returns The content of the chat reply. @throws StudioError `request-invalid`, `reply-empty`, `capability-mismatch`. */
  answer(question: OnnxQuestion): Promise<string>
  dispose(): Promise<void>
}

/** The part of @huggingface/transformers that is used; its own types tie every class to one architecture. */
interface Transformers {
  env: { allowRemoteModels: boolean; allowLocalModels: boolean; useFSCache: boolean; useBrowserCache: boolean; fetch: unknown }
  RawImage: new (data: Uint8Array, width: number, height: number, channels: number) => { size: [number, number] }
  AutoProcessor: { from_pretrained(folder: string, options: object): Promise<Processor> }
  AutoTokenizer: { from_pretrained(folder: string, options: object): Promise<Pick<Processor, 'batch_decode'>> }
  AutoModelForVision2Seq: { from_pretrained(folder: string, options: object): Promise<Model> }
  AutoModelForImageTextToText: { from_pretrained(folder: string, options: object): Promise<Model> }
}
interface Tokens {
  dims: number[]
  slice(...ranges: unknown[]): Tokens
}
interface Model {
  generate(inputs: object): Promise<Tokens>
  dispose(): Promise<unknown>
}
interface Processor {
  (...inputs: unknown[]): Promise<{ input_ids: Tokens; pixel_values: Tokens }>
  construct_prompts(task: string): string[]
  post_process_generation(text: string, task: string, size: [number, number]): Record<string, string | { labels: string[] }>
  apply_chat_template(messages: object[], options: object): string
  batch_decode(tokens: Tokens, options: object): string[]
}

/** @throws StudioError `weights-missing` naming the file, `capability-mismatch`, `backend-start-failed` when a file is damaged. */
export async function loadOnnxModel(folder: string): Promise<OnnxModel> {
  const { family, precisions } = await inspectFolder(folder)
  const transformers = (await import('@huggingface/transformers')) as unknown as Transformers
  closeTheNetwork(transformers)
  const options = {
    local_files_only: true,
    device: 'cpu',
    dtype: precisions,
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  }
  try {
    const classOf = family === 'captioner' ? transformers.AutoModelForVision2Seq : transformers.AutoModelForImageTextToText
    const processor = await transformers.AutoProcessor.from_pretrained(folder, options)
    const decoder = family === 'captioner' ? await transformers.AutoTokenizer.from_pretrained(folder, options) : processor
    const model = await classOf.from_pretrained(folder, options)
    return createOnnxModel({ family, transformers, model, processor, decoder })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StudioError('backend-start-failed', `The model in ${folder} could not be loaded: ${reason}`, { data: { folder }, cause: error })
  }
}

/** A folder is the whole model: a name that is not there must fail, not travel. */
function closeTheNetwork({ env }: Transformers): void {
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.useFSCache = false
  env.useBrowserCache = false
  env.fetch = () => Promise.reject(new Error('the network is not used'))
}

async function inspectFolder(folder: string): Promise<{ family: OnnxFamily; precisions: Record<string, OnnxPrecision> }> {
  if (!path.isAbsolute(folder)) throw new StudioError('request-invalid', 'The model folder must be an absolute path.')
  const names = await readdir(folder).catch(() => {
    throw new StudioError('weights-missing', `The model folder ${folder} does not exist or cannot be read.`, { data: { file: folder, folder } })
  })
  const absent = PLAIN_FILES.find((file) => !names.includes(file))
  if (absent) throw missing(absent, folder)
  let config: { model_type?: unknown }
  try {
    config = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8'))
  } catch (error) {
    throw new StudioError('backend-start-failed', `The file config.json in ${folder} is not JSON.`, { data: { folder }, cause: error })
  }
  const family = findFamily(config)
  const onnxFiles = await readdir(path.join(folder, 'onnx')).catch(() => [])
  return { family, precisions: choosePrecisions(family, onnxFiles, folder) }
}

interface Parts {
  family: OnnxFamily
  transformers: Transformers
  model: Model
  processor: Processor
  decoder: Pick<Processor, 'batch_decode'>
}

function createOnnxModel({ family, transformers, model, processor, decoder }: Parts): OnnxModel {
  type Picture = InstanceType<Transformers['RawImage']>

  const askFlorence = async (picture: Picture, stage: Stage | null, maxTokens: number) => {
    const task = florenceTask(stage)
    const inputs = await processor(picture, processor.construct_prompts(task))
    const tokens = await model.generate({ ...inputs, max_new_tokens: maxTokens })
    const [text = ''] = decoder.batch_decode(tokens, { skip_special_tokens: false })
    return processor.post_process_generation(text, task, picture.size)[task] ?? ''
  }

  const askInstruct = async (picture: Picture, texts: readonly string[], maxTokens: number) => {
    const content = [{ type: 'image' }, { type: 'text', text: texts.join('\n\n') }]
    const prompt = processor.apply_chat_template([{ role: 'user', content }], { add_generation_prompt: true })
    // One view of the picture: splitting it into tiles costs several times as much and was made for documents.
    const inputs = await processor(prompt, [picture], { do_image_splitting: false })
    const tokens = await model.generate({ ...inputs, max_new_tokens: maxTokens, do_sample: false })
    const [text = ''] = decoder.batch_decode(tokens.slice(null, [inputs.input_ids.dims.at(-1), null]), { skip_special_tokens: true })
    return text
  }

  const askCaptioner = async (picture: Picture, maxTokens: number) => {
    const { pixel_values } = await processor([picture])
    const tokens = await model.generate({ inputs: pixel_values, max_new_tokens: maxTokens })
    const [text = ''] = decoder.batch_decode(tokens, { skip_special_tokens: true })
    return text
  }

  return {
    family,
    async answer({ stage, image, texts, maxTokens }) {
      ensureCanAnswer(family, stage)
      const { bytes, width, height } = await decodePixels(image)
      const picture = new transformers.RawImage(new Uint8Array(bytes), width, height, 3)
      const limit = Math.min(maxTokens ?? DEFAULT_TOKENS, DEFAULT_TOKENS * 4)
      if (family === 'florence2') return onnxAnswer(family, stage, await askFlorence(picture, stage, limit))
      if (family === 'instruct') return onnxAnswer(family, stage, await askInstruct(picture, texts, limit))
      return onnxAnswer(family, stage, await askCaptioner(picture, limit))
    },
    async dispose() {
      await model.dispose()
    },
  }
}
