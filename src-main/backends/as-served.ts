/** Whether a model can answer, as its server says, corrected by what the scheduler has seen of it. Pure. */
import type { Availability } from '../registry/serving.ts'

export interface Served {
  name: string
  state: 'stopped' | 'queued' | 'starting' | 'ready' | 'busy' | 'draining' | 'stopping' | 'failed'
  /** What failed. */
  reason: string | null
}

/** A server that could be started says `available` whatever became of the last start. */
export function asServed(available: Availability, served: Served | undefined): Availability {
  if (available.state !== 'available' || served === undefined) return available
  if (served.state === 'failed') return { state: 'failed', reason: served.reason ?? available.reason }
  if (served.state === 'starting') return { state: 'loading', reason: available.reason }
  return served.state === 'ready' || served.state === 'busy' ? { state: 'ready', reason: available.reason } : available
}
