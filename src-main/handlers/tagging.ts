import type { Handlers } from '../contract/routes/index.ts'
import type { AskAgain } from '../tagging/ask-again.ts'
import type { ProposalStore } from '../tagging/ports.ts'
import type { createTaggingRuns } from '../tagging/tagging-runs.ts'

type TaggingRoutes = Extract<keyof Handlers, `tagging.${string}`>

export interface TaggingParts {
  runs: ReturnType<typeof createTaggingRuns>
  again: AskAgain
  prompts: readonly { name: string; version: number }[]
  proposals: ProposalStore
  /** A photo has words that it did not have before: where does it stand now? */
  settle(photoId: number): void
}

export function createTaggingHandlers({ runs, again, prompts, proposals, settle }: TaggingParts): Pick<Handlers, TaggingRoutes> {
  return {
    'tagging.start': (request) => runs.start(request),
    'tagging.again': async (request) => {
      const proposal = await again.ask(request)
      settle(request.photoId)
      return proposal
    },
    'tagging.prompts': () => prompts.map(({ name, version }) => ({ name, version })),
    'tagging.pause': ({ runId }) => runs.pause(runId),
    'tagging.resume': ({ runId }) => runs.resume(runId),
    'tagging.cancel': ({ runId }) => runs.cancel(runId),
    'tagging.retryFailed': ({ runId }) => runs.retryFailed(runId),
    'tagging.runs': () => runs.list(),
    'tagging.proposals': ({ photoId }) => proposals.latest(photoId),
    'tagging.failures': ({ runId }) => runs.failures(runId),
  }
}
