import { Boxes, History, Images, Keyboard, ScanText, Settings2, Stethoscope } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { SCREENS } from '../../state/app-slice.ts'
import { findIdAt } from '../../state/library-actions.ts'
import { go, openDialog } from '../../state/navigation.ts'
import { openReview } from '../../state/review-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const ICONS = { library: Images, review: ScanText, journal: History, models: Boxes, settings: Settings2, doctor: Stethoscope }

export function NavRail() {
  const studio = useStudio()
  const current = useStudioState((state) => state.app.screen)
  const open = (screen: (typeof SCREENS)[number]) => {
    const { review, library } = studio.store.getState()
    const photoId = findIdAt(library, library.focus)
    if (screen === 'review' && review.queue.length === 0 && photoId !== undefined) void openReview(studio, library.ids, photoId)
    else go(studio, screen)
  }
  return (
    <nav className="rail" aria-label={words.nav.label}>
      {SCREENS.map((screen) => {
        const Icon = ICONS[screen]
        return (
          <button
            key={screen}
            type="button"
            className="rail__item"
            aria-current={current === screen ? 'page' : undefined}
            onClick={() => open(screen)}
            data-testid={`nav-${screen}`}
          >
            <Icon size={20} strokeWidth={1.6} aria-hidden />
            <span>{words.nav[screen]}</span>
          </button>
        )
      })}
      <button type="button" className="rail__item rail__item--last" onClick={() => openDialog(studio, 'keys')}>
        <Keyboard size={20} strokeWidth={1.6} aria-hidden />
        <span>{words.nav.keys}</span>
      </button>
    </nav>
  )
}
