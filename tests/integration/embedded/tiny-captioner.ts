/**
 * A whole ONNX captioner in a few kilobytes, written by hand: the encoder takes the mean of each colour channel, the decoder says "a",
 * then the colour that is strongest, then stops. Small, but loaded and run by the same code as a real export.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

const VOCABULARY = ['<pad>', '<s>', '</s>', 'a', 'red', 'green', 'blue']
const FLOAT = 1
const INT64 = 7

// ── The few messages of the ONNX protocol buffer that are needed; numbers are the field numbers of onnx.proto ──
const varint = (value: number): Buffer => {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 128)
  }
}
const number = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field: number, value: Buffer | string) => {
  const body = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body])
}
const message = (...fields: Buffer[]) => Buffer.concat(fields)

const tensor = (name: string, type: number, dims: number[], raw: Buffer) =>
  message(...dims.map((dim) => number(1, dim)), number(2, type), bytes(8, name), bytes(9, raw))
const floats = (name: string, dims: number[], values: number[]) => tensor(name, FLOAT, dims, Buffer.from(Float32Array.from(values).buffer))
const longs = (name: string, values: number[]) => tensor(name, INT64, [values.length], Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer))
const value = (name: string, type: number, dims: (number | string)[]) => {
  const shape = message(...dims.map((dim) => bytes(1, typeof dim === 'number' ? number(1, dim) : bytes(2, dim))))
  return message(bytes(1, name), bytes(2, bytes(1, message(number(1, type), bytes(2, shape)))))
}
const node = (op: string, inputs: string[], output: string) =>
  message(...inputs.map((name) => bytes(1, name)), bytes(2, output), bytes(3, output), bytes(4, op))

function model(nodes: Buffer[], constants: Buffer[], inputs: Buffer[], outputs: Buffer[]): Buffer {
  const graph = message(
    ...nodes.map((each) => bytes(1, each)),
    bytes(2, 'tiny'),
    ...constants.map((each) => bytes(5, each)),
    ...inputs.map((each) => bytes(11, each)),
    ...outputs.map((each) => bytes(12, each)),
  )
  return message(number(1, 8), bytes(7, graph), bytes(8, number(2, 13)))
}

function encoder(): Buffer {
  return model(
    [node('GlobalAveragePool', ['pixel_values'], 'means'), node('Reshape', ['means', 'shape'], 'last_hidden_state')],
    [longs('shape', [1, 1, 3])],
    [value('pixel_values', FLOAT, ['batch', 3, 'height', 'width'])],
    [value('last_hidden_state', FLOAT, [1, 1, 3])],
  )
}

function decoder(): Buffer {
  const size = VOCABULARY.length
  const follows = Array.from({ length: size * size }, (_, at) => {
    const next = at % size
    const current = VOCABULARY[Math.floor(at / size)]!
    if (current === '<s>') return VOCABULARY[next] === 'a' ? 100 : 0
    if (current === 'a') return 0
    return VOCABULARY[next] === '</s>' ? 100 : 0
  })
  const speaks = ['red', 'green', 'blue'].flatMap((colour) => VOCABULARY.map((word) => (word === colour ? 10 : 0)))
  return model(
    [
      node('Gather', ['follows', 'input_ids'], 'after'),
      node('MatMul', ['encoder_hidden_states', 'speaks'], 'colour'),
      node('Add', ['after', 'colour'], 'logits'),
    ],
    [floats('follows', [size, size], follows), floats('speaks', [3, size], speaks)],
    [value('input_ids', INT64, ['batch', 'length']), value('encoder_hidden_states', FLOAT, [1, 1, 3])],
    [value('logits', FLOAT, ['batch', 'length', size])],
  )
}

/** Writes the folder as an export has it. @param leaveOut A file to leave out, relative to the folder. */
export async function writeTinyCaptioner(folder: string, leaveOut?: string): Promise<void> {
  const special = ['<pad>', '<s>', '</s>']
  const ids = { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0, decoder_start_token_id: 1 }
  const files: Record<string, Buffer | object> = {
    'config.json': {
      model_type: 'vision-encoder-decoder',
      is_encoder_decoder: true,
      architectures: ['VisionEncoderDecoderModel'],
      encoder: { model_type: 'vit', hidden_size: 3 },
      decoder: { model_type: 'gpt2', vocab_size: VOCABULARY.length, n_embd: 3, n_head: 1, n_layer: 1, ...ids },
      ...ids,
    },
    'generation_config.json': { ...ids, max_length: 16 },
    'preprocessor_config.json': {
      image_processor_type: 'ViTImageProcessor',
      do_resize: true,
      size: { height: 8, width: 8 },
      do_rescale: true,
      rescale_factor: 1 / 255,
      do_normalize: false,
    },
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizer', bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' },
    'tokenizer.json': {
      version: '1.0',
      added_tokens: special.map((content) => ({
        id: VOCABULARY.indexOf(content),
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', unk_token: '<pad>', vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])) },
    },
    'onnx/encoder_model.onnx': encoder(),
    'onnx/decoder_model_merged.onnx': decoder(),
  }
  await mkdir(path.join(folder, 'onnx'), { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    if (name === leaveOut) continue
    await writeFile(path.join(folder, name), Buffer.isBuffer(content) ? content : JSON.stringify(content))
  }
}
