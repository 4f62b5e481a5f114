/** Stores, photos and a model server that live in memory and do what a test scripts. */
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import type { PhotoState, Proposal, RunFailure, Stage } from '../../../src-main/contract/model.ts'
import { createQueue } from '../../../src-main/jobs/queue.ts'
import { EventBus } from '../../../src-main/lib/event-bus.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import type { ChatPort, ChatReply, ItemState, ProposalStore, ResolvedModel, RunStore, StoredRun } from '../../../src-main/tagging/ports.ts'
import { parsePromptProfile, type PromptProfile } from '../../../src-main/tagging/prompt-profile.ts'
import type { ChatRequest } from '../../../src-main/tagging/request.ts'
import type { TaggingRuns, TaggingRunsOptions } from '../../../src-main/tagging/runs-api.ts'
import { createTaggingRuns } from '../../../src-main/tagging/tagging-runs.ts'

interface Item {
  photoId: number
  state: ItemState
  failure: Omit<RunFailure, 'photoId' | 'path'> | null
  /** How often this item reached a final state without being asked again. */
  ends: number
}

export function memoryRunStore(): RunStore & { items: Map<number, Item[]>; fail: Error | null } {
  const runs = new Map<number, StoredRun>()
  const items = new Map<number, Item[]>()
  const itemsOf = (runId: number): Item[] => items.get(runId) ?? []
  const store: ReturnType<typeof memoryRunStore> = {
    items,
    fail: null,
    create(stages, models, photoIds, startedAtMs) {
      const run: StoredRun = { runId: runs.size + 1, state: 'running', stages: [...stages], models: { ...models }, startedAtMs, finishedAtMs: null }
      runs.set(run.runId, run)
      items.set(
        run.runId,
        photoIds.map((photoId) => ({ photoId, state: 'waiting', failure: null, ends: 0 })),
      )
      return { ...run }
    },
    get: (runId) => (runs.has(runId) ? { ...runs.get(runId)! } : undefined),
    list: (limit) => [...runs.values()].reverse().slice(0, limit),
    setState: (runId, state, finishedAtMs) => void Object.assign(runs.get(runId)!, { state, finishedAtMs }),
    setModels: (runId, models) => void Object.assign(runs.get(runId)!, { models }),
    takeNext(runId) {
      if (store.fail) throw store.fail
      const next = itemsOf(runId).find(({ state }) => state === 'waiting')
      if (next) next.state = 'working'
      return next?.photoId
    },
    finishItem(runId, photoId, state, failure) {
      if (store.fail) throw store.fail
      const item = itemsOf(runId).find((each) => each.photoId === photoId)
      if (!item) return
      item.state = state
      item.failure = failure
      if (state !== 'waiting') item.ends += 1
    },
    counts(runId) {
      const count = (state: ItemState): number => itemsOf(runId).filter((item) => item.state === state).length
      return { total: itemsOf(runId).length, done: count('done'), failed: count('failed'), waiting: count('waiting'), working: count('working') }
    },
    failures: (runId) =>
      itemsOf(runId)
        .filter(({ state }) => state === 'failed')
        .map(({ photoId, failure }) => ({ photoId, path: `/photos/${photoId}.jpg`, stage: failure!.stage, problem: failure!.problem })),
    retryFailed(runId) {
      const failed = itemsOf(runId).filter(({ state }) => state === 'failed')
      for (const item of failed) Object.assign(item, { state: 'waiting', failure: null, ends: 0 })
      return failed.length
    },
    cancelItems(runId) {
      const open = itemsOf(runId).filter(({ state }) => state === 'waiting' || state === 'working')
      for (const item of open) {
        item.state = 'cancelled'
        item.ends += 1
      }
      return open.map(({ photoId }) => photoId)
    },
    recoverInterrupted() {
      for (const item of [...items.values()].flat()) if (item.state === 'working') item.state = 'waiting'
      const found = [...runs.values()].filter(({ state }) => state === 'running')
      for (const run of found) run.state = 'interrupted'
      return found.map(({ runId }) => runId)
    },
  }
  return store
}

export function memoryProposalStore(): ProposalStore & { all: Proposal[] } {
  const all: Proposal[] = []
  return {
    all,
    add(proposal) {
      const stored = { ...proposal, id: all.length + 1 }
      all.push(stored)
      return stored
    },
    latest: (photoId) => Object.fromEntries(all.filter((each) => each.photoId === photoId).map((each) => [each.stage, each])),
    alternatives: (photoId, limit) =>
      all
        .filter((each) => each.photoId === photoId)
        .slice(-limit)
        .reverse(),
    findSame: (photoId, stage, contentHash, settingsHash) =>
      all.findLast(
        (each) => each.photoId === photoId && each.stage === stage && each.contentHash === contentHash && each.settingsHash === settingsHash,
      ),
  }
}

const prompt = (max_tokens: number, user: string) => ({ system: 'You catalogue photographs.', user, max_tokens, temperature: 0.2 })
export const testPrompt: PromptProfile = parsePromptProfile({
  name: 'test',
  version: 1,
  stages: {
    caption: prompt(100, 'Caption?'),
    keywords: prompt(200, 'Caption was {{caption}}.\nKeywords?'),
    description: prompt(300, 'Caption was {{caption}}.\nKeywords were {{keywords}}.\nDescription?'),
  },
})

export interface Asked {
  photoId: number
  stage: Stage
  body: ChatRequest
  signal: AbortSignal
}
export const goodReply = ({ photoId, stage }: Pick<Asked, 'photoId' | 'stage'>): ChatReply => ({
  rawText: JSON.stringify(
    stage === 'keywords'
      ? { keywords: ['dog', `park ${photoId}`] }
      : { [stage]: stage === 'caption' ? `Dog number ${photoId} runs.` : 'A dog runs in a park on a bright day.' },
  ),
  model: 'test-model',
  backend: 'ollama',
  finishReason: 'stop',
})
export const never = (): Promise<never> => new Promise(() => undefined)
export const backendError = (
  code: 'backend-overloaded' | 'backend-failed' | 'backend-unreachable',
  data: Record<string, unknown> = {},
): StudioError => new StudioError(code, 'The server said no.', { data })

/** A photo's picture is its id in four bytes, so that a request tells which photo it is about. */
const pictureOf = (photoId: number): Uint8Array => new Uint8Array([photoId >> 24, photoId >> 16, photoId >> 8, photoId])
function photoIdOf(body: ChatRequest): number {
  const [picture] = body.messages[1].content
  if (picture?.type !== 'image_url') throw new Error('no picture')
  return Buffer.from(picture.image_url.url.split(',')[1]!, 'base64').readInt32BE(0)
}

export interface Bench {
  runs: TaggingRuns
  store: ReturnType<typeof memoryRunStore>
  proposals: ReturnType<typeof memoryProposalStore>
  states: Map<number, PhotoState>
  unqueued: number[]
  asked: Asked[]
  events: StudioEvent[]
  /** Monotonic, moved by `delay` and by hand. */
  clock: { now: number }
  waits: number[]
  settings: { taggingConcurrency: number; modelViewLongEdge: number; sendPhotoFacts: boolean }
  prepared: number[]
  /** Photos that cannot be looked at. */
  damaged: Set<number>
  model: ResolvedModel
  mostAtOnce: () => number
  /** Another driver over the same stores: the studio after a restart. */
  restart: (script?: (asked: Asked) => Promise<ChatReply> | ChatReply) => TaggingRuns
}

export function createBench(script: (asked: Asked) => Promise<ChatReply> | ChatReply = goodReply, options: { instantDelays?: boolean } = {}): Bench {
  const bus = new EventBus()
  const store = memoryRunStore()
  let atOnce = 0
  let most = 0
  const build = (reply: typeof script): TaggingRuns => {
    const chat: ChatPort = async (body, { signal }) => {
      const asked = { photoId: photoIdOf(body), stage: body.response_format.json_schema.name.replace('imageworks_', '') as Stage, body, signal }
      bench.asked.push(asked)
      atOnce += 1
      most = Math.max(most, atOnce)
      try {
        await Promise.resolve()
        return await reply(asked)
      } finally {
        atOnce -= 1
      }
    }
    const wiring: TaggingRunsOptions = {
      runs: store,
      proposals: bench.proposals,
      photos: {
        find: (photoId) => (photoId > 9_000_000 ? undefined : { path: `/photos/${photoId}.jpg` }),
        setState: (ids, state) => ids.forEach((id) => void bench.states.set(id, state)),
        unqueue: (ids) => void bench.unqueued.push(...ids),
        async ensureLooked(photoId) {
          await Promise.resolve()
          if (bench.damaged.has(photoId)) throw new StudioError('photo-damaged', 'The file is damaged.')
          return { contentHash: `hash-${photoId}`, takenAtMs: 0, takenAtOffsetMinutes: null, gps: { latitude: 1, longitude: 2 }, orientation: 1 }
        },
      },
      async modelView(photoId) {
        bench.prepared.push(photoId)
        await Promise.resolve()
        return { jpeg: pictureOf(photoId), width: 8, height: 6 }
      },
      chat,
      resolveModel: (_, wanted) => {
        if (wanted === 'missing') throw new StudioError('model-unknown', 'There is no such model.')
        return { ...bench.model, name: wanted ?? bench.model.name }
      },
      prompt: () => testPrompt,
      settings: () => bench.settings,
      queue: createQueue({ concurrency: () => bench.settings.taggingConcurrency }),
      events: bus,
      clock: { nowMs: () => 1_000_000 + bench.clock.now, ticksMs: () => bench.clock.now },
      log: silentLogger,
      requestTimeoutMs: 90_000,
      delay: (ms, signal) => {
        bench.waits.push(ms)
        // The request's own limit passes only when a test says so; back-off passes at once.
        if (ms !== 90_000 && ms > 200) {
          bench.clock.now += ms
          return Promise.resolve()
        }
        if (options.instantDelays && ms === 90_000) return Promise.resolve()
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
      },
    }
    return createTaggingRuns(wiring)
  }
  const bench: Bench = {
    runs: undefined as unknown as TaggingRuns,
    store,
    proposals: memoryProposalStore(),
    states: new Map(),
    unqueued: [],
    asked: [],
    events: [],
    clock: { now: 0 },
    waits: [],
    settings: { taggingConcurrency: 2, modelViewLongEdge: 1024, sendPhotoFacts: true },
    prepared: [],
    damaged: new Set(),
    model: { name: 'test-model', backend: 'ollama', remote: false },
    mostAtOnce: () => most,
    restart: (again = script) => build(again),
  }
  bus.subscribe((event) => void bench.events.push(event))
  bench.runs = build(script)
  return bench
}

/** Waits, without time passing, until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (condition()) return
    await Promise.resolve()
  }
  throw new Error('it never came to that')
}
