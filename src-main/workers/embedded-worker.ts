/** The embedded model. Runs as a worker process; loads nothing until the first call, and is unloaded by ending the process. */
import { randomUUID } from 'node:crypto'
import { createAnalyst } from '../embedded/analysis.ts'
import { answerText, buildChatReply, parseChatRequest } from '../embedded/chat.ts'
import { photoContext } from '../embedded/facts.ts'
import { serveCalls } from './serve-calls.ts'

const analyst = createAnalyst(process.env['IMAGEWORKS_WEIGHTS_FOLDER'])

serveCalls({
  analyse: ({ jpeg, context }: { jpeg: Uint8Array; context?: unknown }, signal) =>
    analyst.analyse(jpeg, photoContext.catch({}).parse(context ?? {}), signal),
  async chat({ body }: { body: unknown }, signal) {
    const { model, stage, image, context } = parseChatRequest(body)
    const facts = await analyst.analyse(image, context, signal)
    return buildChatReply(model, answerText(stage, facts), randomUUID(), Date.now())
  },
})
