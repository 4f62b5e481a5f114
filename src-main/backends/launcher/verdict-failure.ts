/** What a start that was decided against is told as. Pure. */
import { StudioError } from '../../lib/studio-error.ts'
import type { StartVerdict } from './await-ready.ts'
import type { LaunchProfile } from './launch-profile.ts'
import { type Diagnosis, diagnose, remedyFor, startFailure } from './start-failure.ts'

export type FailedVerdict = Exclude<StartVerdict, { kind: 'ready' }>

export const cancelledStart = (name: string): StudioError => new StudioError('cancelled', `the start of ${name} was cancelled`, { data: { name } })

export function verdictFailure(options: {
  name: string
  profile: Pick<LaunchProfile, 'causes' | 'install_hint'>
  servedId: string
  verdict: FailedVerdict
  timeoutMs: number
  /** End of the log. */
  tail: string
  logFile: string
}): StudioError {
  const { name, profile, servedId, verdict, timeoutMs, tail, logFile } = options
  const by = (cause: 'port-in-use' | 'wrong-model' | 'no-progress'): Diagnosis => ({ cause, remedy: remedyFor(cause, logFile) })
  switch (verdict.kind) {
    case 'cancelled':
      return cancelledStart(name)
    case 'exited':
      return startFailure({
        name,
        what: 'ended while it was starting',
        diagnosis: diagnose(profile, tail, verdict.exit, logFile),
        tail,
        exit: verdict.exit,
      })
    case 'foreign':
      return startFailure({ name, what: 'cannot be reached: another program answers on its port', diagnosis: by('port-in-use'), tail })
    case 'wrong-model':
      return startFailure({
        name,
        what: 'was started, but its server offers other models',
        diagnosis: by('wrong-model'),
        tail,
        data: { offered: verdict.ids.slice(0, 10), wanted: servedId },
      })
    case 'stalled': {
      const what = verdict.boundMs > timeoutMs ? `was not ready within ${verdict.boundMs} ms` : `showed no progress for ${verdict.boundMs} ms`
      return startFailure({ name, what, code: 'backend-timeout', diagnosis: by('no-progress'), tail, data: { boundMs: verdict.boundMs } })
    }
  }
}
