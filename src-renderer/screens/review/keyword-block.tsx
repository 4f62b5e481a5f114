import { Check, Plus, TriangleAlert, X } from 'lucide-react'
import type { Review } from '../../../src-main/contract/model.ts'
import { formatPercent } from '../../copy/format.ts'
import { explainGate } from '../../copy/gates.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { addKeywords, cancelEdit, decide, startKeyword, typeKeywords } from '../../state/review-actions.ts'
import { allKeywords, type Chip, keywordChips } from '../../state/review-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { AgainButton, AskedNote } from './again-button.tsx'

const GROUPS: readonly Chip['group'][] = ['file', 'proposed', 'maybe', 'hand']

export function KeywordBlock({ review }: { review: Review }) {
  const studio = useStudio()
  const typed = useStudioState((state) => state.review.keywordText)
  const chips = keywordChips(review)
  const gates = review.proposals.keywords?.gates ?? []
  return (
    <section className="field" aria-label={words.fields.keywords} data-testid="field-keywords">
      <header className="field__head">
        <h3>{words.fields.keywords}</h3>
        <span className="field__status">{chips.some((chip) => chip.key !== null) ? words.review.keywordsHelp : ''}</span>
        {chips.some((chip) => chip.group === 'proposed') &&
          (['accept', 'reject'] as const).map((verdict) => (
            <Button
              key={verdict}
              small
              icon
              look="quiet"
              aria-label={verdict === 'accept' ? words.review.acceptKeywords : words.review.rejectKeywords}
              disabled={allKeywords(chips, verdict) === null}
              onClick={() => void decide(studio, allKeywords(chips, verdict))}
            >
              {verdict === 'accept' ? <Check size={15} aria-hidden /> : <X size={15} aria-hidden />}
            </Button>
          ))}
        <AgainButton stage="keywords" label={words.fields.keywords} />
        <Button small icon look="quiet" aria-label={words.review.addKeyword} onClick={() => startKeyword(studio)}>
          <Plus size={15} aria-hidden />
        </Button>
      </header>
      <AskedNote stage="keywords" />
      {gates.length > 0 && (
        <p className="field__gate">
          <TriangleAlert size={14} aria-hidden />
          {gates.map((gate) => explainGate(gate)).join(' ')}
        </p>
      )}
      {GROUPS.map((name) => {
        const group = chips.filter((chip) => chip.group === name)
        if (group.length === 0) return null
        return (
          <div key={name} className="chips">
            <p className="chips__name">{words.review.keywordGroups[name]}</p>
            <ul>
              {group.map((chip) => (
                <li key={chip.keyword}>
                  <KeywordChip chip={chip} />
                </li>
              ))}
            </ul>
          </div>
        )
      })}
      {(review.droppedKeywords ?? []).length > 0 && (
        <div className="chips" data-testid="dropped-keywords">
          <p className="chips__name">{words.review.dropped}</p>
          <ul>
            {review.droppedKeywords?.map(({ keyword, reason }, at) => (
              <li key={`${at} ${keyword}`} className="faint">
                <s dir="auto">{keyword}</s> <span>({words.review.droppedWhy[reason]})</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {chips.length === 0 && typed === null && <p className="faint">{words.review.noProposal}</p>}
      {typed !== null && (
        <input
          type="text"
          className="field-input chips__input"
          aria-label={words.review.addKeyword}
          placeholder={`${words.review.addKeyword}. ${words.review.addKeywordHint}`}
          data-testid="keyword-input"
          dir="auto"
          value={typed}
          onChange={(event) => typeKeywords(studio, event.target.value)}
          // Opened by a key or a button: the next thing is typing.
          ref={(input) => input?.focus()}
          onBlur={() => typed === '' && cancelEdit(studio)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
              void addKeywords(
                studio,
                chips.filter((chip) => chip.kind === 'kept' || chip.kind === 'added').map((chip) => chip.keyword),
              )
            }
            if (event.key === 'Escape') {
              event.stopPropagation()
              cancelEdit(studio)
            }
          }}
        />
      )}
    </section>
  )
}

function KeywordChip({ chip }: { chip: Chip }) {
  const studio = useStudio()
  const confidence = chip.confidence === null ? null : formatPercent(chip.confidence)
  const used = chip.kind === 'kept' || chip.kind === 'added'
  const hint = [chip.source ?? '', confidence ?? '', chip.group === 'file' && chip.alsoProposed ? words.review.alsoProposed : ''].filter(
    (part) => part !== '',
  )
  return (
    <button
      type="button"
      className={`chip chip--${chip.kind}`}
      data-testid="keyword-chip"
      data-keyword={chip.keyword}
      data-kind={chip.kind}
      aria-pressed={used}
      title={hint.length > 0 ? hint.join(' · ') : undefined}
      onClick={() => void decide(studio, chip.toggle)}
    >
      {chip.key !== null && (
        <span className="chip__key" aria-hidden>
          {chip.key}
        </span>
      )}
      <span dir="auto">{chip.keyword}</span>
      <span className="visually-hidden">{words.review.chip(words.review.chipKinds[chip.kind], confidence, chip.key)}</span>
    </button>
  )
}
