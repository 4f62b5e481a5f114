import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { closeDialog } from '../../state/navigation.ts'
import { changeRun } from '../../state/run-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

export function FailuresDialog() {
  const studio = useStudio()
  const failures = useStudioState((state) => state.runs.failures)
  const run = useStudioState((state) => state.runs.interrupted[0] ?? state.runs.current)
  const close = () => closeDialog(studio)
  return (
    <Dialog
      title={words.run.failuresTitle}
      onClose={close}
      widthPx={720}
      foot={
        <>
          <span className="spread" />
          <Button onClick={close}>{words.common.close}</Button>
          <Button
            look="primary"
            data-testid="retry-failed"
            disabled={!run || !failures?.length}
            onClick={() => run && void changeRun(studio, run.runId, 'retryFailed')}
          >
            {words.run.retry}
          </Button>
        </>
      }
    >
      <p className="soft">{words.run.failuresIntro}</p>
      <ul className="rows">
        {failures?.map((failure) => (
          <li key={`${failure.photoId} ${failure.stage}`} className="rows__row">
            <p className="rows__title">
              {failure.path} <span className="tag">{failure.stage === null ? words.run.wholePhoto : words.roles[failure.stage]}</span>
            </p>
            <ProblemNote problem={failure.problem} tone="plain" />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
