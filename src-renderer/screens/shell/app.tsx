import { useEffect } from 'react'
import { words } from '../../copy/words.ts'
import { useKeys } from '../../parts/use-keys.ts'
import { enterScreen } from '../../state/app-actions.ts'
import { findAction } from '../../state/keymap.ts'
import { go, openDialog } from '../../state/navigation.ts'
import { redo, undo } from '../../state/review-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { planApproved } from '../../state/write-actions.ts'
import { applyTheme } from '../../theme/apply-theme.ts'
import { DoctorScreen } from '../doctor/doctor-screen.tsx'
import { JournalScreen } from '../journal/journal-screen.tsx'
import { LibraryScreen } from '../library/library-screen.tsx'
import { GetModelsDialog } from '../models/get-models-dialog.tsx'
import { ModelsScreen } from '../models/models-screen.tsx'
import { PickFolderDialog } from '../library/pick-folder-dialog.tsx'
import { AgainDialog } from '../review/again-dialog.tsx'
import { BulkDialog } from '../review/bulk-dialog.tsx'
import { ReviewScreen } from '../review/review-screen.tsx'
import { SettingsScreen } from '../settings/settings-screen.tsx'
import { WriteDialog } from '../write/write-dialog.tsx'
import { FailuresDialog } from './failures-dialog.tsx'
import { KeysDialog } from './keys-dialog.tsx'
import { NavRail } from './nav-rail.tsx'
import { Notices } from './notices.tsx'
import { PaletteDialog } from './palette-dialog.tsx'
import { RunStrip } from './run-strip.tsx'
import { TopBar } from './top-bar.tsx'
import './shell.css'

const SCREENS = {
  library: LibraryScreen,
  review: ReviewScreen,
  journal: JournalScreen,
  models: ModelsScreen,
  settings: SettingsScreen,
  doctor: DoctorScreen,
}
const DIALOGS = {
  keys: KeysDialog,
  palette: PaletteDialog,
  again: AgainDialog,
  bulk: BulkDialog,
  'pick-folder': PickFolderDialog,
  'get-models': GetModelsDialog,
  failures: FailuresDialog,
  write: WriteDialog,
}

export function App() {
  const studio = useStudio()
  const screen = useStudioState((state) => state.app.screen)
  const dialog = useStudioState((state) => state.app.dialog)
  const connection = useStudioState((state) => state.app.connection)
  const announcement = useStudioState((state) => state.app.announcement)
  const theme = useStudioState((state) => state.app.settings?.theme)
  const keymap = useStudioState((state) => state.app.keymap)

  useEffect(() => enterScreen(studio, screen), [studio, screen])
  useEffect(() => {
    if (theme !== undefined) applyTheme(window, theme)
  }, [theme])
  useKeys((event) => {
    switch (findAction(keymap, 'everywhere', event)) {
      case 'key-map':
        openDialog(studio, 'keys')
        return true
      case 'palette':
        openDialog(studio, 'palette')
        return true
      case 'undo':
        void undo(studio)
        return true
      case 'redo':
        void redo(studio)
        return true
      case 'write':
        void planApproved(studio)
        return true
      case 'go-library':
        go(studio, 'library')
        return true
      case 'go-journal':
        go(studio, 'journal')
        return true
      case undefined:
        return false
    }
  })

  const Screen = SCREENS[screen]
  const OpenDialog = dialog === null ? null : DIALOGS[dialog]
  return (
    <div className="app">
      <a
        className="skip-link"
        href="#content"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector<HTMLElement>('#content')?.focus()
        }}
      >
        {words.common.skipToContent}
      </a>
      <NavRail />
      <TopBar />
      <main id="content" className="app__main" tabIndex={-1}>
        <Screen />
      </main>
      <RunStrip />
      {connection === 'lost' && (
        <p className="connection-lost" role="alert">
          {words.common.connectionLost}
        </p>
      )}
      <Notices />
      <p className="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </p>
      {OpenDialog && <OpenDialog />}
    </div>
  )
}
