import type { DoctorCheck } from '../../src-main/contract/routes/app.ts'
import type { Problem } from '../../src-main/contract/model.ts'
import type { Reply } from '../../src-main/contract/routes/index.ts'
import type { Settings } from '../../src-main/contract/settings.ts'
import { KEYMAP, type Keymap } from './keymap.ts'

export const SCREENS = ['library', 'review', 'journal', 'models', 'settings', 'doctor'] as const
export type Screen = (typeof SCREENS)[number]

export interface AppSlice {
  screen: Screen
  info: Reply<'app.info'> | null
  settings: Settings | null
  checks: DoctorCheck[] | null
  keymap: Keymap
  /** Where the user's own keys would be read from; null until the studio has told. */
  keymapFile: string | null
  connection: 'open' | 'lost'
  notices: readonly { id: number; problem: Problem }[]
  /** Text of the polite live region. */
  announcement: string
  dialog: 'keys' | 'palette' | 'again' | 'bulk' | 'pick-folder' | 'get-models' | 'failures' | 'write' | null
}

export const startApp = (): AppSlice => ({
  screen: 'library',
  info: null,
  settings: null,
  checks: null,
  keymap: KEYMAP,
  keymapFile: null,
  connection: 'open',
  notices: [],
  announcement: '',
  dialog: null,
})
