import { useState } from 'react'
import type { BulkEdit, TextField } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ChangeList } from '../../parts/change-list.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Option } from '../../parts/popover.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { Progress } from '../../parts/progress.tsx'
import { closeBulk, decideBulk, editBulk, previewBulk } from '../../state/bulk-actions.ts'
import { parseTypedKeywords, TEXT_FIELDS } from '../../state/review-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const KINDS = ['add-keywords', 'remove-keywords', 'replace', 'set-text'] as const
/** Rows of the preview that are drawn; the numbers above them count all. */
const SHOWN_ROWS = 200

export function BulkDialog() {
  const studio = useStudio()
  const bulk = useStudioState((state) => state.review.bulk)
  const [kind, setKind] = useState<BulkEdit['kind']>('add-keywords')
  const [text, setText] = useState('')
  const [replace, setReplace] = useState('')
  const [field, setField] = useState<TextField>('title')
  const [matchCase, setMatchCase] = useState(false)
  if (!bulk) return null
  const { stage, previews, photoIds } = bulk
  const edit = editOf(kind, { text, replace, field, matchCase })
  const changed = previews.filter((each) => each.changes.length > 0)
  const failed = previews.filter((each) => each.problem !== null)
  const typed = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      set(value)
      if (stage !== 'editing') editBulk(studio)
    }
  }
  const next = () => void (stage === 'ready' ? decideBulk(studio) : edit && previewBulk(studio, edit))
  const input = (label: string, value: string, set: (value: string) => void, isFirst: boolean) => (
    <label className="bulk__input">
      <span className="faint">{label}</span>
      <input
        type="text"
        className="field-input"
        dir="auto"
        value={value}
        {...(isFirst ? { 'data-takes-focus': true, 'data-testid': 'bulk-text' } : {})}
        onChange={(event) => typed(set)(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) next()
        }}
      />
    </label>
  )
  return (
    <Dialog
      title={words.bulk.title(photoIds.length)}
      onClose={() => closeBulk(studio)}
      widthPx={760}
      foot={
        <>
          <span className="spread soft" role="status">
            {stage === 'ready' ? words.bulk.found(changed.length, photoIds.length, failed.length) : ''}
          </span>
          <Button onClick={() => closeBulk(studio)}>{words.common.cancel}</Button>
          <Button
            look="primary"
            data-testid="bulk-next"
            disabled={stage === 'looking' || stage === 'deciding' || edit === null || (stage === 'ready' && changed.length === 0)}
            onClick={next}
          >
            {stage === 'ready' ? words.bulk.decide(changed.length) : words.bulk.look}
          </Button>
        </>
      }
    >
      <fieldset className="roles__role">
        <legend>{words.bulk.what}</legend>
        {KINDS.map((each) => (
          <Option
            key={each}
            name="bulk-kind"
            value={each}
            checked={each === kind}
            onChoose={() => typed(setKind)(each)}
            title={words.bulk.kinds[each]}
          />
        ))}
      </fieldset>
      {kind === 'set-text' && (
        <fieldset className="bulk__fields">
          <legend>{words.bulk.field}</legend>
          {TEXT_FIELDS.map((each) => (
            <label key={each}>
              <input type="radio" name="bulk-field" checked={each === field} onChange={() => typed(setField)(each)} /> {words.fields[each]}
            </label>
          ))}
        </fieldset>
      )}
      {input(words.bulk.inputs[kind], text, setText, true)}
      {kind === 'replace' && input(words.bulk.with, replace, setReplace, false)}
      {kind === 'replace' && (
        <label className="bulk__input">
          <span>
            <input type="checkbox" checked={matchCase} onChange={(event) => typed(setMatchCase)(event.target.checked)} /> {words.bulk.matchCase}
          </span>
        </label>
      )}
      {(stage === 'looking' || stage === 'deciding') && <Progress done={previews.length} total={photoIds.length} label={words.bulk.looking} />}
      {stage === 'ready' && (
        <ul className="bulk__previews" data-testid="bulk-previews">
          {[...failed, ...changed].slice(0, SHOWN_ROWS).map((preview) => (
            <li key={preview.photoId}>
              <strong className="cut">{preview.name}</strong>
              {preview.problem ? <ProblemNote problem={preview.problem} tone="warn" /> : <ChangeList changes={preview.changes} />}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  )
}

/** The edit as typed, or null while something is missing. */
function editOf(kind: BulkEdit['kind'], form: { text: string; replace: string; field: TextField; matchCase: boolean }): BulkEdit | null {
  const { text, replace, field, matchCase } = form
  if (kind === 'set-text') return { kind, field, text }
  if (kind === 'replace') {
    return text === '' ? null : { kind, fields: ['title', 'description', 'altText', 'keywords'], find: text, replace, matchCase }
  }
  const keywords = parseTypedKeywords(text, [])
  return keywords.length === 0 ? null : { kind, keywords }
}
