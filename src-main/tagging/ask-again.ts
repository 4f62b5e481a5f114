/** One stage of one photo asked once more, by another model, another prompt or simply anew. No run: nothing to resume, and no run waits for it. */
import type { Proposal, Stage } from '../contract/model.ts'
import type { Settings } from '../contract/settings.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { ResolveModel } from './ports.ts'
import { getPromptProfile, type PromptProfile, promptHash } from './prompt-profile.ts'
import { type PhotoPorts, preparePhoto, type RunPlan, SEED, StageFailed, tagPhoto } from './tag-photo.ts'

export interface AskAgainOptions extends Omit<PhotoPorts, 'requestTimeoutMs'> {
  resolveModel: ResolveModel
  /** The first is the one that runs use. */
  prompts: readonly PromptProfile[]
  settings: () => Pick<Settings, 'modelViewLongEdge' | 'sendPhotoFacts'>
  requestTimeoutMs?: number
}

export interface AskAgain {
  /**
   * @returns the newest proposal of the stage.
   * @throws StudioError of MODEL_ERRORS, IMAGING_ERRORS, `prompt-unknown`, `reply-*`; `cancelled` when the photo is asked again meanwhile
   */
  ask(request: { photoId: number; stage: Stage; model?: string | undefined; prompt?: string | undefined }): Promise<Proposal>
  dispose(): void
}

const REQUEST_TIMEOUT_MS = 900_000

export function createAskAgain(options: AskAgainOptions): AskAgain {
  const ports: PhotoPorts = { ...options, requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS }
  const underway = new Map<string, AbortController>()
  return {
    async ask({ photoId, stage, model, prompt }) {
      const key = `${photoId} ${stage}`
      underway.get(key)?.abort(new StudioError('cancelled', 'The photo was asked about again.'))
      const abort = new AbortController()
      underway.set(key, abort)
      try {
        const profile = prompt === undefined ? options.prompts[0]! : getPromptProfile(options.prompts, prompt)
        const resolved = await options.resolveModel(stage, model)
        const seed = seedFor(options.proposals.latest(photoId)[stage], resolved.name, promptHash(profile))
        const plan: RunPlan = { runId: null, stages: [stage], models: { [stage]: resolved }, prompt: profile, seed }
        const photo = await preparePhoto(ports, plan, photoId, options.settings(), abort.signal)
        await tagPhoto(ports, plan, photo, abort.signal, () => undefined)
        return options.proposals.latest(photoId)[stage]!
      } catch (error) {
        throw error instanceof StageFailed ? error.cause : error
      } finally {
        if (underway.get(key) === abort) underway.delete(key)
      }
    },
    dispose() {
      for (const abort of underway.values()) abort.abort(new StudioError('cancelled', 'The studio is closing.'))
    },
  }
}

/** The same model and prompt would only repeat themselves with the same seed. */
function seedFor(latest: Proposal | undefined, model: string, hash: string): number {
  if (latest?.model !== model || latest.promptHash !== hash) return SEED
  const seed = latest.parameters['seed']
  return typeof seed === 'number' ? seed + 1 : SEED
}
