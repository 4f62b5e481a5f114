import { Check, Pencil, TriangleAlert, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { explainGate } from '../../copy/gates.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { WordDiff } from '../../parts/word-diff.tsx'
import { cancelEdit, commitEdit, decide, startEdit, typeEdit } from '../../state/review-actions.ts'
import { AgainButton, AskedNote } from './again-button.tsx'
import { type FieldView, fieldVerdict } from '../../state/review-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const TEST_IDS = {
  title: 'field-title',
  description: 'field-description',
  altText: 'field-alt-text',
  extendedDescription: 'field-extended-description',
} as const

function statusOf(view: FieldView): string {
  const { status } = words.review
  if (view.status === 'open') return status[view.onApprove]
  if (view.status === 'accepted') return view.inFile === null ? status.acceptedNew : status.accepted
  return status[view.status]
}

/** One text: what the file says now beside what is proposed, and what happens to it. */
export function FieldBlock({ view }: { view: FieldView }) {
  const studio = useStudio()
  const editing = useStudioState((state) => state.review.editing)
  const { field, inFile, proposed, status, gates } = view
  const isEditing = editing?.field === field
  const right = status === 'edited' ? view.result : proposed
  const label = words.fields[field]
  return (
    <section className={`field field--${status}`} data-testid={TEST_IDS[field]} data-status={status} aria-label={label}>
      <header className="field__head">
        <h3>{label}</h3>
        <span className="field__status">{statusOf(view)}</span>
        {proposed !== null && (
          <>
            <Button
              small
              icon
              look="quiet"
              aria-label={`${words.review.accept}: ${label}`}
              aria-pressed={status === 'accepted' || status === 'edited'}
              onClick={() => void decide(studio, fieldVerdict(view, 'accept'))}
            >
              <Check size={15} aria-hidden />
            </Button>
            <Button
              small
              icon
              look="quiet"
              aria-label={`${words.review.reject}: ${label}`}
              aria-pressed={status === 'rejected'}
              onClick={() => void decide(studio, fieldVerdict(view, 'reject'))}
            >
              <X size={15} aria-hidden />
            </Button>
          </>
        )}
        {view.stage !== null && <AgainButton stage={view.stage} label={label} />}
        <Button small icon look="quiet" aria-label={`${words.review.edit}: ${label}`} onClick={() => startEdit(studio, field)}>
          <Pencil size={14} aria-hidden />
        </Button>
      </header>
      {view.stage !== null && <AskedNote stage={view.stage} />}
      {gates.length > 0 && (
        <p className="field__gate">
          <TriangleAlert size={14} aria-hidden />
          {gates.map((gate) => explainGate(gate)).join(' ')}
        </p>
      )}
      {isEditing ? (
        <Editor label={label} text={editing.text} />
      ) : inFile === null && right === null ? (
        <p className="faint">{words.review.noProposal}</p>
      ) : (
        <div className="field__sides">
          <div>
            <p className="field__side">{words.review.inFile}</p>
            {inFile === null ? <p className="faint">{words.review.nothing}</p> : <WordDiff from={inFile} to={view.result ?? inFile} show="old" />}
          </div>
          <div className="field__new">
            <p className="field__side">{status === 'edited' ? words.review.willBe : words.review.proposed}</p>
            {right === null ? (
              <p className="faint">{words.review.noProposal}</p>
            ) : inFile === null ? (
              <p className="diff" dir="auto">
                {right}
              </p>
            ) : (
              <WordDiff from={inFile} to={right} show="new" />
            )}
          </div>
        </div>
      )}
    </section>
  )
}

function Editor({ label, text }: { label: string; text: string }) {
  const studio = useStudio()
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    area.current?.focus()
    area.current?.setSelectionRange(area.current.value.length, area.current.value.length)
  }, [])
  return (
    <div className="field__editor">
      <textarea
        ref={area}
        className="field-input"
        aria-label={label}
        dir="auto"
        rows={Math.min(8, Math.max(2, Math.ceil(text.length / 56)))}
        value={text}
        onChange={(event) => typeEdit(studio, event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault()
            void commitEdit(studio)
          }
          if (event.key === 'Escape') {
            event.stopPropagation()
            cancelEdit(studio)
          }
        }}
      />
      <div className="field__editor-foot">
        <span className="faint">{words.review.editHint}</span>
        <Button small look="primary" onClick={() => void commitEdit(studio)}>
          {words.review.save}
        </Button>
      </div>
    </div>
  )
}
