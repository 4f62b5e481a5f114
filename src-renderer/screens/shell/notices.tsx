import { X } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { dismissNotice } from '../../state/studio.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

export function Notices() {
  const studio = useStudio()
  const notices = useStudioState((state) => state.app.notices)
  return (
    <div className="notices" role="alert" aria-label={words.common.notices}>
      {notices.map((notice) => (
        <ProblemNote
          key={notice.id}
          problem={notice.problem}
          tone="warn"
          action={
            <Button small icon look="quiet" aria-label={words.common.dismiss} onClick={() => dismissNotice(studio, notice.id)}>
              <X size={14} aria-hidden />
            </Button>
          }
        />
      ))}
    </div>
  )
}
