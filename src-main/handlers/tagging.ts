import type { Handlers } from '../contract/routes/index.ts'
import type { ProposalStore } from '../tagging/ports.ts'
import type { createTaggingRuns } from '../tagging/tagging-runs.ts'

type TaggingRoutes = Extract<keyof Handlers, `tagging.${string}`>

export function createTaggingHandlers(runs: ReturnType<typeof createTaggingRuns>, proposals: ProposalStore): Pick<Handlers, TaggingRoutes> {
  return {
    'tagging.start': (request) => runs.start(request),
    'tagging.pause': ({ runId }) => runs.pause(runId),
    'tagging.resume': ({ runId }) => runs.resume(runId),
    'tagging.cancel': ({ runId }) => runs.cancel(runId),
    'tagging.retryFailed': ({ runId }) => runs.retryFailed(runId),
    'tagging.runs': () => runs.list(),
    'tagging.proposals': ({ photoId }) => proposals.latest(photoId),
    'tagging.failures': ({ runId }) => runs.failures(runId),
  }
}
