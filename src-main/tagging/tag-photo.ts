/**
 * One photo's way through the stages of a run: look, prepare, ask, parse, gate, store. Works only through ports.
 * [Note: reuse] A stage whose result exists for the same bytes and the same settings is not asked again. That is what makes a run idempotent:
 * after a crash the photo is simply done once more, and only the missing stages cost a request.
 */
import type { Proposal, Stage } from '../contract/model.ts'
import type { Settings } from '../contract/settings.ts'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { gates } from './gates.ts'
import { parseStageReply } from './parse-reply.ts'
import type {
  ChatPort,
  ChatReply,
  Delay,
  ModelView,
  ModelViewPort,
  NewProposal,
  ProposalStore,
  ResolvedModel,
  TaggingFacts,
  TaggingPhotos,
} from './ports.ts'
import { hashOf, type PromptProfile, promptHash } from './prompt-profile.ts'
import { buildStageRequest, type ChatRequest, contextFor, type EarlierStages, givesScores } from './request.ts'
import { changeAfterReply, waitBeforeRetryMs } from './retry-policy.ts'

export interface PhotoPorts {
  photos: TaggingPhotos
  proposals: ProposalStore
  modelView: ModelViewPort
  chat: ChatPort
  delay: Delay
  clock: Clock
  requestTimeoutMs: number
}

/** Fixed while a run is active. */
export interface RunPlan {
  /** Null for a stage that is asked again outside of any run. */
  runId: number | null
  stages: readonly Stage[]
  models: Partial<Record<Stage, ResolvedModel>>
  prompt: PromptProfile
  /** Left out in a run: SEED. */
  seed?: number
}

/** A photo whose view is ready; `left` are the stages that have to be asked. */
export interface PreparedPhoto {
  photoId: number
  facts: TaggingFacts
  view: ModelView | null
  left: Stage[]
  earlier: EarlierStages
  settings: Pick<Settings, 'modelViewLongEdge' | 'sendPhotoFacts'>
  prepareMs: number
}

/** Carries the stage that failed; `cause` is what happened. */
export class StageFailed extends Error {
  constructor(
    readonly stage: Stage,
    cause: unknown,
  ) {
    super(`stage ${stage} failed`, { cause })
    this.name = 'StageFailed'
  }
}

export const SEED = 1
/** A raw reply is kept for the record, not without bound. */
const MAX_RAW_CHARS = 20_000

/** Everything that needs no model, so that it can overlap with other photos' requests. */
export async function preparePhoto(
  ports: PhotoPorts,
  plan: RunPlan,
  photoId: number,
  settings: PreparedPhoto['settings'],
  signal: AbortSignal,
): Promise<PreparedPhoto> {
  const started = ports.clock.ticksMs()
  const facts = await ports.photos.ensureLooked(photoId, signal)
  const left = [...plan.stages]
  let earlier = earlierOutside(ports.proposals, photoId, facts.contentHash, plan.stages)
  while (left.length > 0) {
    const stage = left[0]!
    const known = findKnown(ports.proposals, plan, { photoId, facts, earlier, settings }, stage)
    if (!known) break
    earlier = { ...earlier, ...usableWords(known) }
    left.shift()
  }
  const view = left.length > 0 ? await ports.modelView(photoId, settings.modelViewLongEdge, signal) : null
  return { photoId, facts, view, left, earlier, settings, prepareMs: ports.clock.ticksMs() - started }
}

/**
 * Asks for the stages that are left, in order, storing each as it comes.
 * @throws StageFailed at the first stage that fails; what was stored before stays.
 */
export async function tagPhoto(
  ports: PhotoPorts,
  plan: RunPlan,
  photo: PreparedPhoto,
  signal: AbortSignal,
  onWait: (code: string | null) => void,
): Promise<void> {
  let earlier = photo.earlier
  for (const [index, stage] of photo.left.entries()) {
    try {
      const current = { ...photo, earlier }
      const known = index > 0 ? findKnown(ports.proposals, plan, current, stage) : undefined
      const asked = known ?? (await askStage(ports, plan, current, stage, signal, onWait))
      // The reply may have arrived in the same moment as the end of the run.
      signal.throwIfAborted()
      const proposal = known ?? ports.proposals.add(asked)
      earlier = { ...earlier, ...usableWords(proposal) }
    } catch (error) {
      throw new StageFailed(stage, error)
    }
  }
}

type StageInput = Pick<PreparedPhoto, 'photoId' | 'facts' | 'earlier' | 'settings'>

/** See [Note: reuse]. An older result that is wanted again is stored anew, so that it is the latest of its stage. */
function findKnown(proposals: ProposalStore, plan: RunPlan, input: StageInput, stage: Stage): Proposal | undefined {
  const known = proposals.findSame(input.photoId, stage, input.facts.contentHash, settingsHash(plan, input, stage))
  if (!known || proposals.latest(input.photoId)[stage]?.id === known.id) return known
  const { id: _, ...rest } = known
  return proposals.add({ ...rest, runId: plan.runId })
}

/** Names everything beside the photo's bytes that shapes a reply. */
function settingsHash(plan: RunPlan, input: StageInput, stage: Stage): string {
  const model = modelOf(plan, stage)
  return hashOf({
    stage,
    model: model.name,
    prompt: promptHash(plan.prompt),
    longEdge: input.settings.modelViewLongEdge,
    facts: contextFor(input.facts, { ...input.settings, remote: model.remote }) !== null,
    seed: plan.seed ?? SEED,
    earlier: stage === 'caption' ? {} : stage === 'keywords' ? { caption: input.earlier.caption } : input.earlier,
  })
}

function modelOf(plan: RunPlan, stage: Stage): ResolvedModel {
  const model = plan.models[stage]
  if (!model) throw new Error(`run ${String(plan.runId)} has no model for ${stage}`)
  return model
}

/** Words of stages that this run leaves out, where they were made from the same bytes. */
function earlierOutside(proposals: ProposalStore, photoId: number, contentHash: string, stages: readonly Stage[]): EarlierStages {
  const latest = proposals.latest(photoId)
  let earlier: EarlierStages = {}
  for (const stage of ['caption', 'keywords'] as const) {
    const proposal = latest[stage]
    if (proposal && !stages.includes(stage) && proposal.contentHash === contentHash) earlier = { ...earlier, ...usableWords(proposal) }
  }
  return earlier
}

/** What later stages may build on: nothing from a proposal that failed a gate. */
function usableWords(proposal: Pick<Proposal, 'stage' | 'text' | 'keywords' | 'gates'>): EarlierStages {
  if (proposal.gates.length > 0) return {}
  if (proposal.stage === 'caption') return { caption: proposal.text ?? '' }
  if (proposal.stage === 'keywords') return { keywords: proposal.keywords.filter(({ level }) => level === 'propose').map(({ keyword }) => keyword) }
  return {}
}

async function askStage(
  ports: PhotoPorts,
  plan: RunPlan,
  input: PreparedPhoto,
  stage: Stage,
  signal: AbortSignal,
  onWait: (code: string | null) => void,
): Promise<NewProposal> {
  const { clock } = ports
  const { photoId, facts, earlier, settings, view, prepareMs } = input
  if (!view) throw new Error('a stage is asked without a view')
  const started = clock.ticksMs()
  const model = modelOf(plan, stage)
  const prompt = plan.prompt.stages[stage]
  const context = contextFor(facts, { ...settings, remote: model.remote })
  let body = buildStageRequest({ stage, prompt, view, facts: context, existing: null, earlier, model, seed: plan.seed ?? SEED })
  for (let attempt = 1; ; attempt += 1) {
    const asked = clock.ticksMs()
    const reply = await sendWithRetry(ports, body, signal, onWait)
    const requestMs = clock.ticksMs() - asked
    const parsed = readReply(stage, reply, givesScores(model.backend))
    if (parsed.kind === 'failure') {
      const change = changeAfterReply(parsed.code, attempt, body)
      if (!change)
        throw new StudioError(parsed.code, `The reply of ${reply.model} for the ${stage} could not be used.`, { data: { stage, model: reply.model } })
      body = { ...body, ...change }
      continue
    }
    return {
      photoId,
      runId: plan.runId,
      stage,
      text: parsed.kind === 'text' ? parsed.text : null,
      keywords: parsed.kind === 'keywords' ? parsed.keywords : [],
      gates: gates(stage, parsed, { emptyIsAnswer: model.backend === 'embedded' }),
      model: reply.model,
      backend: reply.backend,
      promptName: plan.prompt.name,
      promptHash: promptHash(plan.prompt),
      parameters: {
        temperature: body.temperature,
        max_tokens: body.max_tokens,
        seed: body.seed,
        schema: body.response_format.json_schema.name,
        promptVersion: plan.prompt.version,
        longEdge: settings.modelViewLongEdge,
        viewWidth: view.width,
        viewHeight: view.height,
        photoFacts: context !== null,
        finishReason: reply.finishReason,
        attempts: attempt,
      },
      rawReply: reply.rawText.slice(0, MAX_RAW_CHARS),
      timings: { prepareMs, requestMs, totalMs: prepareMs + clock.ticksMs() - started },
      contentHash: facts.contentHash,
      settingsHash: settingsHash(plan, input, stage),
      createdAtMs: clock.nowMs(),
    }
  }
}

/** A text that the budget ended is half a text, however well it parses; a keyword list keeps what was complete. */
function readReply(stage: Stage, reply: ChatReply, scored: boolean): ReturnType<typeof parseStageReply> {
  const parsed = parseStageReply(stage, reply.rawText, { scored })
  return parsed.kind === 'text' && reply.finishReason === 'length' ? { kind: 'failure', code: 'reply-truncated' } : parsed
}

async function sendWithRetry(ports: PhotoPorts, body: ChatRequest, signal: AbortSignal, onWait: (code: string | null) => void): Promise<ChatReply> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await sendWithin(ports, body, signal)
    } catch (error) {
      const waitMs = signal.aborted ? undefined : waitBeforeRetryMs(error, tried)
      if (waitMs === undefined || !(error instanceof StudioError)) throw error
      onWait(error.code)
      try {
        await ports.delay(waitMs, signal)
      } finally {
        onWait(null)
      }
    }
  }
}

/** @throws StudioError `backend-timeout` after `requestTimeoutMs`; StudioError `cancelled` as soon as `signal` aborts, whether or not the port obeys it. */
async function sendWithin({ chat, delay, requestTimeoutMs }: PhotoPorts, body: ChatRequest, signal: AbortSignal): Promise<ChatReply> {
  signal.throwIfAborted()
  const late = new AbortController()
  const ended = new AbortController()
  const clockwork = delay(requestTimeoutMs, AbortSignal.any([signal, ended.signal])).then(
    () => {
      const error = new StudioError('backend-timeout', `The model server gave no answer within ${requestTimeoutMs} ms.`, {
        data: { timeoutMs: requestTimeoutMs },
      })
      late.abort(error)
      throw error
    },
    (reason: unknown) => {
      throw signal.aborted ? new StudioError('cancelled', 'The request was cancelled.') : reason
    },
  )
  clockwork.catch(() => undefined)
  try {
    return await Promise.race([chat(body, { signal: AbortSignal.any([signal, late.signal]) }), clockwork])
  } finally {
    ended.abort(new StudioError('cancelled', 'The request has ended.'))
  }
}
