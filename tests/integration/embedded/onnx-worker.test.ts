import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChatCompletion } from '../../../src-main/embedded/chat.ts'
import type { WorkerClient } from '../../../src-main/lib/worker-process.ts'
import { forkWorkersFrom } from '../../../src-main/workers/fork-worker.ts'
import { createWorkerClient } from '../../../src-main/workers/worker-client.ts'
import { bundleTs } from '../../helpers/bundle-ts.mjs'
import { writeTinyCaptioner } from './tiny-captioner.ts'

let worker: WorkerClient
let temp: string
const folder = (name: string) => path.join(temp, name)

beforeAll(async () => {
  temp = await mkdtemp(path.join(os.tmpdir(), 'imageworks-onnx-'))
  const built = await bundleTs({ 'onnx-worker': 'src-main/workers/onnx-worker.ts' }, `onnx-${process.pid}`)
  worker = createWorkerClient('onnx', forkWorkersFrom(built))
})
afterAll(async () => {
  await worker?.dispose()
  await rm(temp, { recursive: true, force: true })
})

async function ask(colour: string, stage: string | null, modelFolder?: string): Promise<string> {
  const jpeg = await sharp({ create: { width: 64, height: 48, channels: 3, background: colour } })
    .jpeg()
    .toBuffer()
  const content = [{ type: 'image_url', image_url: { url: `data:image/jpeg;base64,${jpeg.toString('base64')}` } }]
  const format = stage ? { response_format: { type: 'json_schema', json_schema: { name: `imageworks_${stage}` } } } : {}
  const body = { model: 'mine', messages: [{ role: 'user', content }], ...format }
  const reply = await worker.call<ChatCompletion>('chat', { body, folder: modelFolder })
  return reply.choices[0]!.message.content
}

test('a chat before any folder is loaded says so', async () => {
  await expect(ask('red', 'caption')).rejects.toMatchObject({ code: 'weights-missing' })
})

test('a folder that is not there fails at once and by name, without a network', async () => {
  const absent = folder('absent')
  await expect(worker.call('load', { folder: absent })).rejects.toMatchObject({ code: 'weights-missing', data: { folder: absent } })
})

test.each(['tokenizer.json', 'preprocessor_config.json', 'onnx/decoder_model_merged.onnx'])(
  'an incomplete folder names what it lacks: %s',
  async (file) => {
    const incomplete = folder(`without-${path.basename(file)}`)
    await writeTinyCaptioner(incomplete, file)
    await expect(worker.call('load', { folder: incomplete })).rejects.toMatchObject({ code: 'weights-missing', data: { file } })
  },
)

test('a damaged model file is a start failure, and the worker goes on', async () => {
  const damaged = folder('damaged')
  await writeTinyCaptioner(damaged)
  await writeFile(path.join(damaged, 'onnx/encoder_model.onnx'), 'not a model')
  await expect(worker.call('load', { folder: damaged })).rejects.toMatchObject({ code: 'backend-start-failed' })
})

test('a captioner in a folder with a space and an accent in its name is loaded, sees the picture and writes', async () => {
  const good = folder('my captioner é')
  await writeTinyCaptioner(good)
  expect(await worker.call('load', { folder: good })).toEqual({ family: 'captioner' })
  expect(JSON.parse(await ask('#f00000', 'caption'))).toEqual({ caption: 'a red' })
  expect(JSON.parse(await ask('#0000f0', 'description'))).toEqual({ description: 'a blue' })
  expect(await ask('#00f000', null)).toBe('a green')
  await expect(ask('red', 'keywords')).rejects.toMatchObject({ code: 'capability-mismatch' })
})
