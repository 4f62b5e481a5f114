/** Whether a model really sees: two known pictures, each answer checked. A model that only talks fails. */
import { StudioError, toProblem } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import { drawProbePictures, type ProbePicture } from './probe-pictures.ts'

/** Enough for a model that thinks first. */
const ANSWER_TOKENS = 1024
const NOTE_LENGTH = 80
const QUESTION =
  'The picture shows one large filled shape on a plain background. Which colour is the shape, and what shape is it? Answer with the colour and the shape only, in English.'
/** Models of this kind know no questions, only tasks. */
const TASK = '<MORE_DETAILED_CAPTION>'

/** Sends one chat request and returns the text of the answer. */
export type ProbeChat = (entry: RegistryEntry, body: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<string>

export interface ProbeResult {
  vision_ok: boolean
  /** ISO 8601, UTC. */
  timestamp: string
  /** Of the second picture: the first may wait for the model to load. */
  latency_ms: number
  /** Of the weights that were probed; null when it is not known. */
  digest: string | null
  /** What was answered, shortened. */
  notes: string
}

function requestFor(entry: RegistryEntry, picture: ProbePicture): Record<string, unknown> {
  const url = `data:image/png;base64,${picture.png.toString('base64')}`
  const text = entry.adapter === 'task_tokens' ? TASK : QUESTION
  const content = [
    { type: 'text', text },
    { type: 'image_url', image_url: { url } },
  ]
  return { model: entry.name, messages: [{ role: 'user', content }], temperature: 0, seed: 7, max_tokens: ANSWER_TOKENS, stream: false }
}

/** What a thinking model considered is not its answer. */
const answerOf = (reply: string) =>
  reply
    .replace(/<think>[\s\S]*?(<\/think>|$)/g, ' ')
    .trim()
    .toLowerCase()

export function isRight(reply: string, picture: ProbePicture): boolean {
  const answer = answerOf(reply)
  return picture.colour.test(answer) && picture.shape.test(answer) && !picture.wrong.test(answer)
}

const shorten = (text: string) => {
  const line = answerOf(text).replace(/\s+/g, ' ')
  return line.length > NOTE_LENGTH ? `${line.slice(0, NOTE_LENGTH)}…` : line || 'nothing'
}

/**
 * @throws StudioError of the model's server (`backend-unreachable` …) as it comes when the model cannot be asked: that says nothing about its
 * eyes. `probe-failed` with data {name, reason} when it is not known why.
 */
export async function probeVision(options: {
  entry: RegistryEntry
  chat: ProbeChat
  digest: string | null
  signal: AbortSignal
  nowMs: () => number
  ticksMs: () => number
}): Promise<ProbeResult> {
  const { entry, chat, digest, signal, nowMs, ticksMs } = options
  const answers: string[] = []
  let right = true
  let latencyMs = 0
  for (const picture of drawProbePictures()) {
    const startMs = ticksMs()
    let reply: string
    try {
      reply = await chat(entry, requestFor(entry, picture), signal)
    } catch (error) {
      if (!(error instanceof StudioError)) {
        const reason = toProblem(error).message
        throw new StudioError('probe-failed', `${entry.name} could not be asked: ${reason}`, {
          data: { name: entry.name, reason },
          retry: 'later',
          cause: error,
        })
      }
      // A server that takes no pictures has answered the question.
      if (!['request-invalid', 'capability-mismatch'].includes(error.code)) throw error
      reply = ''
    }
    latencyMs = Math.round(ticksMs() - startMs)
    answers.push(shorten(reply))
    right &&= isRight(reply, picture)
  }
  const notes = `red disc: ${answers[0]}; blue square: ${answers[1]}`
  return { vision_ok: right, timestamp: new Date(nowMs()).toISOString(), latency_ms: latencyMs, digest, notes }
}
