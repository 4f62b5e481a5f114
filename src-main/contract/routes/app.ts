import { z } from 'zod'
import { problem } from '../model.ts'
import { route } from '../route.ts'
import { settingsPatch, settingsSchema } from '../settings.ts'

export const doctorCheck = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warning', 'missing']),
  detail: z.string(),
  remedy: z.string().nullable(),
})
export type DoctorCheck = z.infer<typeof doctorCheck>

export const appRoutes = {
  'app.info': route(
    z.object({}),
    z.object({
      version: z.string(),
      host: z.enum(['electron', 'browser', 'cli']),
      dataFolder: z.string(),
      proxyUrl: z.string().nullable(),
      proxyNote: z.string().nullable(),
      /** Photos that were given on the command line, ready to be imported. */
      startGrants: z.array(z.string()),
      notices: z.array(problem),
    }),
  ),
  'app.doctor': route(z.object({}), z.array(doctorCheck)),
  /** What `keymap.user.json` in the data folder changes; empty without one. The window checks its names. */
  'app.keymap': route(z.object({}), z.object({ file: z.string(), changes: z.unknown(), problem: problem.nullable() })),
  'settings.get': route(z.object({}), settingsSchema),
  'settings.set': route(settingsPatch, settingsSchema),
}
