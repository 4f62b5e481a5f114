import { describe, expect, test } from 'vitest'
import { choosePrecisions, ensureCanAnswer, findFamily, florenceTask, labelsToKeywords, onnxAnswer } from '../../../src-main/embedded/onnx-stages.ts'

const caught = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return error as { code: string; data: Record<string, unknown> }
  }
  return undefined
}

describe('a user’s ONNX model', () => {
  test('kinds by model type; a text-only model is refused by name', () => {
    expect(['florence2', 'smolvlm', 'vision-encoder-decoder'].map((model_type) => findFamily({ model_type }))).toEqual([
      'florence2',
      'instruct',
      'captioner',
    ])
    expect(caught(() => findFamily({ model_type: 'llama' }))).toMatchObject({ code: 'capability-mismatch', data: { type: 'llama' } })
    expect(caught(() => findFamily({}))?.code).toBe('capability-mismatch')
  })

  test('each session takes the best precision that is there (mixed exports are common)', () => {
    const files = [
      'vision_encoder_fp16.onnx',
      'embed_tokens.onnx',
      'embed_tokens_q4.onnx',
      'decoder_model_merged_q4.onnx',
      'decoder_model_merged_quantized.onnx',
    ]
    expect(choosePrecisions('instruct', files, '/m')).toEqual({ vision_encoder: 'fp16', embed_tokens: 'fp32', decoder_model_merged: 'q8' })
  })

  test('the missing file is named', () => {
    expect(caught(() => choosePrecisions('captioner', ['encoder_model.onnx'], '/m'))).toMatchObject({
      code: 'weights-missing',
      data: { file: 'onnx/decoder_model_merged.onnx' },
    })
  })

  test('stages have their own Florence task', () => {
    expect([florenceTask('caption'), florenceTask('keywords'), florenceTask('description'), florenceTask(null)]).toEqual([
      '<CAPTION>',
      '<OD>',
      '<MORE_DETAILED_CAPTION>',
      '<DETAILED_CAPTION>',
    ])
  })

  test('labels become keywords once, without an invented score', () => {
    expect(labelsToKeywords(['Dog', 'dog ', '', 'tree'])).toEqual([
      { keyword: 'dog', confidence: null, source: 'model', level: 'propose' },
      { keyword: 'tree', confidence: null, source: 'model', level: 'propose' },
    ])
  })

  test('replies: text in the stage’s shape, instruct replies untouched, silence is an error', () => {
    expect(onnxAnswer('captioner', 'caption', ' a cat ')).toBe('{"caption":"a cat"}')
    expect(onnxAnswer('florence2', 'description', 'A cat.')).toBe('{"description":"A cat."}')
    expect(onnxAnswer('instruct', 'keywords', '{"keywords":["cat"]}')).toBe('{"keywords":["cat"]}')
    expect(caught(() => onnxAnswer('instruct', 'caption', '  '))?.code).toBe('reply-empty')
  })

  test('a captioner is not run for keywords', () => {
    expect(caught(() => ensureCanAnswer('captioner', 'keywords'))?.code).toBe('capability-mismatch')
  })
})
