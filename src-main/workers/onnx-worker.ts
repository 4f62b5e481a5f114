/** A vision model from a user's folder of ONNX files. Runs as a worker process; one model at a time, unloaded by ending the process. */
import { randomUUID } from 'node:crypto'
import { buildChatReply, findStage, parseVisionRequest } from '../embedded/chat.ts'
import type { OnnxModel } from '../embedded/onnx-model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { serveCalls } from './serve-calls.ts'

let loaded: { folder: string; model: OnnxModel } | null = null

async function ensureLoaded(folder: string): Promise<OnnxModel> {
  if (loaded?.folder === folder) return loaded.model
  await loaded?.model.dispose()
  loaded = null
  const { loadOnnxModel } = await import('../embedded/onnx-model.ts')
  const model = await loadOnnxModel(folder)
  loaded = { folder, model }
  return model
}

serveCalls({
  async load({ folder }: { folder: string }) {
    return { family: (await ensureLoaded(folder)).family }
  },
  /** `folder` may be left out once a model is loaded. */
  async chat({ body, folder }: { body: unknown; folder?: string }) {
    const { model: name, schemaName, image, texts, maxTokens } = parseVisionRequest(body)
    const model = folder === undefined ? loaded?.model : await ensureLoaded(folder)
    if (!model) throw new StudioError('weights-missing', 'No model folder has been loaded.')
    const content = await model.answer({ stage: findStage(schemaName), image, texts, maxTokens })
    return buildChatReply(name, content, randomUUID(), Date.now())
  },
})
