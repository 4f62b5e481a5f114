import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { Plan, WriteOutcome } from '../../../src-main/contract/model.ts'
import { explainProblem } from '../../copy/errors.ts'
import { PRESET_SENTENCES } from '../../copy/en/presets.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ChangeList } from '../../parts/change-list.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Note, ProblemNote } from '../../parts/problem-note.tsx'
import { Progress } from '../../parts/progress.tsx'
import { go } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { cancelWrite, closeWriting, confirmWrite, planApproved } from '../../state/write-actions.ts'
import type { WritingSlice } from '../../state/writing-slice.ts'
import './write.css'

/** Shows the plans, writes exactly those, tells what became of each photo. */
export function WriteDialog() {
  const studio = useStudio()
  const writing = useStudioState((state) => state.writing)
  const { stage, plans, outcomes } = writing
  const close = () => closeWriting(studio)
  const writes = plans.filter((plan) => plan.refusal === null && plan.changes.length > 0).length
  const refused = plans.filter((plan) => plan.refusal !== null).length
  const written = outcomes.filter((outcome) => outcome.outcome === 'written').length
  const toJournal = () => {
    close()
    go(studio, 'journal')
  }
  const main = useMainAction(stage)
  return (
    <Dialog
      title={stage === 'done' ? words.plan.doneTitle(written) : words.plan.title(plans.length > 0 ? plans.length : writing.total)}
      onClose={close}
      widthPx={860}
      onEnter={() => void (stage === 'ready' ? confirmWrite(studio) : stage === 'done' ? toJournal() : undefined)}
      foot={
        <>
          <span className="spread soft">{stage === 'ready' ? words.plan.summary(writes, plans.length - writes - refused, refused) : ''}</span>
          {stage === 'writing' ? (
            <Button onClick={() => void cancelWrite(studio)}>{words.plan.stop}</Button>
          ) : (
            <Button onClick={close}>{stage === 'done' ? words.common.close : words.common.cancel}</Button>
          )}
          {stage === 'failed' && <Button onClick={() => void planApproved(studio)}>{words.plan.again}</Button>}
          {stage === 'done' ? (
            <Button ref={main} look="primary" data-testid="to-journal" onClick={toJournal}>
              {words.plan.toJournal}
            </Button>
          ) : (
            <Button
              ref={main}
              look="primary"
              data-testid="confirm-write"
              disabled={stage !== 'ready' || plans.length === refused}
              onClick={() => void confirmWrite(studio)}
            >
              {writes > 0 ? words.plan.confirm(writes) : plans.length > refused ? words.plan.finish : words.plan.nothingToWrite}
            </Button>
          )}
        </>
      }
    >
      <WriteBody writing={writing} />
    </Dialog>
  )
}

/** The main button takes the keyboard when it becomes possible, so that Enter goes on. */
function useMainAction(stage: WritingSlice['stage']) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (stage === 'ready' || stage === 'done') button.current?.focus()
  }, [stage])
  return button
}

function WriteBody({ writing }: { writing: WritingSlice }) {
  const { stage, plans, planned, total, done, outcomes, problem } = writing
  const preset = useStudioState((state) => state.app.settings?.metadataPreset)
  if (stage === 'planning') {
    const label = words.plan.planning(planned, total)
    return (
      <div className="write__progress">
        <p>{label}</p>
        <Progress done={planned} total={total} label={label} />
      </div>
    )
  }
  if (stage === 'writing') {
    const label = words.plan.writing(done, total)
    return (
      <div className="write__progress">
        <p>{label}</p>
        <Progress done={done} total={total} label={label} />
      </div>
    )
  }
  if (stage === 'failed') return problem && <ProblemNote problem={problem} />
  if (stage === 'done') {
    return (
      <>
        {preset && preset !== 'custom' && <p className="soft">{PRESET_SENTENCES[preset]}</p>}
        <ul className="write__outcomes" data-testid="outcome-list">
          {outcomes.map((outcome) => (
            <OutcomeRow key={outcome.photoId} outcome={outcome} />
          ))}
        </ul>
      </>
    )
  }
  if (plans.length === 0) return <p className="soft">{words.plan.none}</p>
  return (
    <>
      <p className="soft">{words.plan.intro}</p>
      <PlanList plans={plans} />
    </>
  )
}

function OutcomeRow({ outcome }: { outcome: WriteOutcome }) {
  const tone = outcome.outcome === 'written' ? 'good' : outcome.outcome === 'failed' ? 'bad' : outcome.outcome === 'refused' ? 'warn' : 'plain'
  const tag = tone === 'plain' ? 'tag' : `tag tag--${tone}`
  return (
    <li className="write__outcome" data-outcome={outcome.outcome}>
      <span className="cut">{outcome.path}</span>
      <span className={tag}>{words.outcomes[outcome.outcome]}</span>
      {outcome.code !== null && (
        <p className="soft">{explainProblem({ code: outcome.code, message: outcome.message ?? '', data: { path: outcome.path } }).what}</p>
      )}
    </li>
  )
}

function PlanList({ plans }: { plans: readonly Plan[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  // oxlint-disable-next-line react/incompatible-library -- rows are measured by the library and nothing here is memoized by hand
  const rows = useVirtualizer({ count: plans.length, getScrollElement: () => scroller.current, estimateSize: () => 120, overscan: 4 })
  return (
    <div
      ref={scroller}
      className="plans scrolls"
      tabIndex={0}
      role="group"
      aria-label={words.plan.list}
      data-testid="plan-list"
      data-count={plans.length}
    >
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((row) => {
          const plan = plans[row.index]!
          return (
            <div
              key={plan.id}
              ref={rows.measureElement}
              data-index={row.index}
              className="plans__row"
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <PlanRow plan={plan} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function PlanRow({ plan }: { plan: Plan }) {
  return (
    <article className="plan" data-testid="plan" data-photo-id={plan.photoId}>
      <header className="plan__head">
        <h3 className="cut" title={plan.targetPath}>
          {plan.targetPath}
        </h3>
        {plan.refusal ? (
          <span className="tag tag--warn">{words.plan.refused}</span>
        ) : (
          <span className="tag">{plan.target === 'sidecar' ? words.plan.sidecar : words.plan.embedded}</span>
        )}
      </header>
      {plan.refusal && <ProblemNote problem={plan.refusal} tone="warn" />}
      {plan.refusal === null && plan.changes.length === 0 && <p className="faint">{words.plan.unchanged}</p>}
      <ChangeList changes={plan.changes} />
      {plan.warnings.map((warning) => (
        <Note key={`${warning.code} ${warning.message}`}>{explainProblem(warning).what}</Note>
      ))}
    </article>
  )
}
