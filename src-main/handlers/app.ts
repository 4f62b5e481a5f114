import type { DoctorCheck } from '../contract/routes/app.ts'
import type { Handlers, Reply } from '../contract/routes/index.ts'
import type { Settings } from '../contract/settings.ts'
import type { EventBus } from '../lib/event-bus.ts'

export interface AppParts {
  info(): Reply<'app.info'>
  checks(): Promise<DoctorCheck[]>
  settings: { readSettings(): Settings; writeSettings(patch: Partial<Settings>): Settings }
  /** What has to be there before these settings can hold. @throws StudioError, and then nothing is changed. */
  prepare(patch: Partial<Settings>): Promise<void>
  events: EventBus
}

type AppRoutes = 'app.info' | 'app.doctor' | 'settings.get' | 'settings.set'

export function createAppHandlers({ info, checks, settings, prepare, events }: AppParts): Pick<Handlers, AppRoutes> {
  return {
    'app.info': info,
    'app.doctor': checks,
    'settings.get': () => settings.readSettings(),
    'settings.set': async (patch) => {
      await prepare(patch)
      const next = settings.writeSettings(patch)
      events.emit('settings.changed', {})
      return next
    },
  }
}
