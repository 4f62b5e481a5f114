import { useEffect, useRef } from 'react'
import type { JournalEntry } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ChangeList } from '../../parts/change-list.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { cancelRevert, confirmRevert } from '../../state/journal-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Shows what comes back before it comes back: each change the other way round. */
export function RevertDialog({ entries }: { entries: readonly JournalEntry[] }) {
  const studio = useStudio()
  const reverting = useStudioState((state) => state.journal.reverting)
  const main = useRef<HTMLButtonElement>(null)
  useEffect(() => main.current?.focus(), [])
  return (
    <Dialog
      title={words.journal.confirmTitle(entries.length)}
      onClose={() => cancelRevert(studio)}
      widthPx={680}
      foot={
        <>
          <span className="spread" />
          <Button onClick={() => cancelRevert(studio)}>{words.common.cancel}</Button>
          <Button ref={main} look="primary" data-testid="confirm-revert" disabled={reverting} onClick={() => void confirmRevert(studio)}>
            {reverting ? words.journal.restoring : words.journal.restore(entries.length)}
          </Button>
        </>
      }
    >
      <p className="soft">{words.journal.confirmHelp}</p>
      <ul className="rows">
        {entries.map((entry) => (
          <li key={entry.writeId} className="rows__row">
            <p className="rows__title">{entry.targetPath}</p>
            <ChangeList changes={entry.changes.map((change) => ({ field: change.field, from: change.to, to: change.from }))} />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
