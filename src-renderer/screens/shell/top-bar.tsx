import { Save, Sparkles } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { startRun } from '../../state/run-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { planApproved } from '../../state/write-actions.ts'
import { MemoryGauge } from './memory-gauge.tsx'
import { ProfileChoice } from './profile-choice.tsx'
import { RoleChoice } from './role-choice.tsx'

export function TopBar() {
  const studio = useStudio()
  const selected = useStudioState((state) => state.library.selected.size)
  const wordless = useStudioState((state) => state.library.wordlessCount)
  const approved = useStudioState((state) => state.library.approvedCount)
  const running = useStudioState((state) => state.runs.current?.state === 'running' || state.runs.current?.state === 'paused')
  // The key works where the selection can be seen.
  const inLibrary = useStudioState((state) => state.app.screen === 'library')
  const count = selected > 0 ? selected : wordless
  return (
    <header className="topbar" aria-label={words.top.label}>
      <h1 className="visually-hidden">{words.common.appName}</h1>
      <ProfileChoice />
      <RoleChoice />
      <MemoryGauge />
      <span className="topbar__spread" />
      <Button
        data-testid="run-button"
        disabled={count === 0 || running}
        title={running ? words.top.running : count === 0 ? words.top.runNoneHelp : undefined}
        onClick={() => void startRun(studio)}
      >
        <Sparkles size={15} aria-hidden />
        {count === 0 ? words.top.runNone : words.top.run(count, selected > 0)}
        {inLibrary && <kbd aria-hidden>T</kbd>}
      </Button>
      <Button look="primary" data-testid="write-button" disabled={approved === 0} onClick={() => void planApproved(studio)}>
        <Save size={15} aria-hidden />
        {words.top.save(approved)}
        <kbd aria-hidden>W</kbd>
      </Button>
    </header>
  )
}
