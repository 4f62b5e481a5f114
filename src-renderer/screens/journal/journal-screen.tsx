import { Undo2 } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { JournalEntry } from '../../../src-main/contract/model.ts'
import { formatTime } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ChangeList } from '../../parts/change-list.tsx'
import { Note, ProblemNote } from '../../parts/problem-note.tsx'
import { useKeys } from '../../parts/use-keys.ts'
import { askRevert, dismissOutcomes, focusEntry, isRevertible, loadMoreJournal, selectAllEntries, toggleEntry } from '../../state/journal-actions.ts'
import { findAction } from '../../state/keymap.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { RevertDialog } from './revert-dialog.tsx'
import './journal.css'

const TONES = { pending: 'tag tag--warn', written: 'tag tag--good', failed: 'tag tag--bad', reverted: 'tag' } as const

export function JournalScreen() {
  const studio = useStudio()
  const { entries, total, focus, selected, confirming, outcomes } = useStudioState((state) => state.journal)
  const keymap = useStudioState((state) => state.app.keymap)

  useKeys((event) => {
    switch (findAction(keymap, 'journal', event)) {
      case 'move-entry':
        focusEntry(studio, focus + (event.key === 'ArrowDown' ? 1 : -1))
        return true
      case 'select-entry': {
        const entry = entries?.[focus]
        if (entry && isRevertible(entry)) toggleEntry(studio, entry.writeId)
        return true
      }
      case 'select-all':
        selectAllEntries(studio)
        return true
      case 'revert':
        askRevert(studio)
        return true
      case undefined:
        return false
    }
  })

  const failed = outcomes?.filter((outcome) => outcome.outcome !== 'reverted') ?? []
  return (
    <div className="page scrolls" tabIndex={0} role="region" aria-label={words.journal.title}>
      <div className="page__inner">
        <header className="page__head">
          <div>
            <h2>{words.journal.title}</h2>
            <p>{words.journal.help}</p>
          </div>
          {selected.size > 0 && (
            <Button onClick={() => askRevert(studio)}>
              <Undo2 size={15} aria-hidden />
              {words.journal.revertSelected(selected.size)}
              <kbd aria-hidden>R</kbd>
            </Button>
          )}
        </header>
        {outcomes && (
          <div className="journal__outcome" role="status">
            <Note
              tone={failed.length === 0 ? 'good' : 'warn'}
              action={
                <Button small look="quiet" onClick={() => dismissOutcomes(studio)}>
                  {words.common.dismiss}
                </Button>
              }
            >
              <p>{words.journal.restored(outcomes.length - failed.length)}</p>
            </Note>
            {failed.map((outcome) => (
              <ProblemNote
                key={outcome.photoId}
                problem={{ code: outcome.code ?? 'internal', message: outcome.message ?? '', data: { path: outcome.path } }}
              />
            ))}
          </div>
        )}
        {entries?.length === 0 && (
          <div className="journal__empty">
            <h3>{words.journal.emptyTitle}</h3>
            <p className="soft">{words.journal.emptyHelp}</p>
          </div>
        )}
        <ul className="journal" aria-label={words.journal.list}>
          {entries?.map((entry, index) => (
            <JournalRow
              key={entry.writeId}
              entry={entry}
              starts={entries[index - 1]?.run !== entry.run}
              focused={index === focus}
              selected={selected.has(entry.writeId)}
            />
          ))}
        </ul>
        {entries && entries.length < total && <Button onClick={() => void loadMoreJournal(studio)}>{words.journal.more}</Button>}
      </div>
      {confirming && <RevertDialog entries={confirming} />}
    </div>
  )
}

interface JournalRowProps {
  entry: JournalEntry
  /** First of the files that were saved together. */
  starts: boolean
  focused: boolean
  selected: boolean
}

function JournalRow({ entry, starts, focused, selected }: JournalRowProps) {
  const studio = useStudio()
  const row = useRef<HTMLLIElement>(null)
  const name = entry.path.split(/[\\/]/).at(-1) ?? entry.path
  useEffect(() => {
    if (focused) row.current?.scrollIntoView({ block: 'nearest' })
  }, [focused])
  return (
    <li
      ref={row}
      className={`entry${focused ? ' entry--focused' : ''}`}
      data-testid="journal-row"
      data-write-id={entry.writeId}
      data-state={entry.state}
      aria-current={focused}
    >
      {starts && (
        <p className="entry__run">
          {words.journal.save(entry.run)} <span className="faint">· {formatTime(entry.timeMs)}</span>
        </p>
      )}
      <div className="entry__body">
        <input
          type="checkbox"
          aria-label={words.journal.select(name)}
          checked={selected}
          disabled={!isRevertible(entry)}
          onChange={() => toggleEntry(studio, entry.writeId)}
        />
        <div className="entry__main">
          <p className="entry__title">
            <strong className="cut" title={entry.targetPath}>
              {name}
            </strong>
            <span className={TONES[entry.state]}>{words.journal.states[entry.state]}</span>
            {entry.kind === 'revert' && <span className="tag">{words.journal.takingBack}</span>}
            <span className="faint cut">{words.journal.by(entry.models)}</span>
          </p>
          <ChangeList changes={entry.changes} />
          {entry.problem && <ProblemNote problem={entry.problem} />}
        </div>
        {isRevertible(entry) && (
          <Button small data-testid="revert-button" aria-label={`${words.journal.revert}: ${name}`} onClick={() => askRevert(studio, entry)}>
            <Undo2 size={14} aria-hidden />
            {words.journal.revert}
          </Button>
        )}
      </div>
    </li>
  )
}
