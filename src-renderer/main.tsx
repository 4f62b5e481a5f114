/** The window. Runs sandboxed in the renderer of Electron, or in any browser; the client decides which studio it speaks to. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './theme/tokens.css'
import './theme/base.css'
import { openClient } from './client/open-client.ts'
import { App } from './screens/shell/app.tsx'
import { startStudio } from './state/app-actions.ts'
import { followGauge } from './state/gauge-actions.ts'
import { followPlace, restorePlace } from './state/persist.ts'
import { createStudio } from './state/studio.ts'
import { StudioContext } from './state/use-studio.ts'
import { restoreTheme } from './theme/apply-theme.ts'

restoreTheme(window)
const studio = createStudio(await openClient(window))
restorePlace(studio, window)
startStudio(studio)
followPlace(studio, window)
followGauge(studio, window)
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <StudioContext value={studio}>
      <App />
    </StudioContext>
  </StrictMode>,
)
