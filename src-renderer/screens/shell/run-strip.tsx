import { CircleAlert, FolderSearch, Pause, Play, Sparkles, X } from 'lucide-react'
import type { ImportSummary, RunSummary } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { Progress } from '../../parts/progress.tsx'
import { cancelImport, dismissImport } from '../../state/import-actions.ts'
import { changeRun, dismissInterrupted, dismissRun, showFailures } from '../../state/run-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { ImportNotes } from './import-notes.tsx'

/** One line at the foot of the window for everything that takes time. Always there, so that nothing jumps when a run starts. */
export function RunStrip() {
  const current = useStudioState((state) => state.runs.current)
  const dismissed = useStudioState((state) => state.runs.dismissedRunId)
  const interrupted = useStudioState((state) => state.runs.interrupted)
  const imports = useStudioState((state) => state.library.imports)
  const shown = current && current.runId !== dismissed && current.state !== 'interrupted' ? current : null
  const active = shown?.state === 'running' || shown?.state === 'paused'
  const lastImport = imports.at(-1)
  return (
    <footer className="strip" aria-label={words.run.label} data-testid="run-strip" data-run-state={shown?.state ?? 'none'}>
      {lastImport && <ImportPart summary={lastImport} />}
      {interrupted[0] && !active ? (
        <InterruptedPart run={interrupted[0]} />
      ) : shown ? (
        <RunPart run={shown} />
      ) : (
        !lastImport && <span className="faint">{words.run.idle}</span>
      )}
    </footer>
  )
}

function RunPart({ run }: { run: RunSummary }) {
  const studio = useStudio()
  const active = run.state === 'running' || run.state === 'paused'
  const seen = run.done + run.failed
  return (
    <div className="strip__part strip__part--grow">
      <Sparkles size={15} aria-hidden />
      <span>{words.run.states[run.state]}</span>
      {active && (
        <div className="strip__progress">
          <Progress done={seen} total={run.total} label={words.run.states[run.state]} />
        </div>
      )}
      <span className="soft">{words.run.progress(seen, run.total)}</span>
      {run.state === 'running' && run.photosPerMinute > 0 && <span className="faint">{words.run.rate(run.photosPerMinute)}</span>}
      {run.state === 'running' && run.timeLeftMs !== null && <span className="faint">{words.run.left(run.timeLeftMs)}</span>}
      {run.state === 'running' && run.note !== null && seen === 0 && <span className="faint cut">{run.note}</span>}
      {run.failed > 0 && (
        <button type="button" className="link strip__failed" onClick={() => void showFailures(studio, run.runId)}>
          <CircleAlert size={14} aria-hidden /> {words.run.failed(run.failed)}
        </button>
      )}
      <span className="strip__spread" />
      {run.state === 'running' && (
        <Button small onClick={() => void changeRun(studio, run.runId, 'pause')}>
          <Pause size={14} aria-hidden />
          {words.run.pause}
        </Button>
      )}
      {run.state === 'paused' && (
        <Button small onClick={() => void changeRun(studio, run.runId, 'resume')}>
          <Play size={14} aria-hidden />
          {words.run.resume}
        </Button>
      )}
      {active ? (
        <Button small look="quiet" onClick={() => void changeRun(studio, run.runId, 'cancel')}>
          {words.run.cancel}
        </Button>
      ) : (
        <Button small icon look="quiet" aria-label={words.common.dismiss} onClick={() => dismissRun(studio, run.runId)}>
          <X size={14} aria-hidden />
        </Button>
      )}
    </div>
  )
}

function InterruptedPart({ run }: { run: RunSummary }) {
  const studio = useStudio()
  return (
    <div className="strip__part strip__part--grow">
      <CircleAlert size={15} className="state--warn" aria-hidden />
      <span className="cut">{words.run.interrupted(run.done + run.failed, run.total)}</span>
      {run.failed > 0 && (
        <button type="button" className="link strip__failed" onClick={() => void showFailures(studio, run.runId)}>
          {words.run.failed(run.failed)}
        </button>
      )}
      <span className="strip__spread" />
      <Button small onClick={() => void changeRun(studio, run.runId, 'resume')}>
        <Play size={14} aria-hidden />
        {words.run.resume}
      </Button>
      <Button small icon look="quiet" aria-label={words.common.dismiss} onClick={() => dismissInterrupted(studio)}>
        <X size={14} aria-hidden />
      </Button>
    </div>
  )
}

function ImportPart({ summary }: { summary: ImportSummary }) {
  const studio = useStudio()
  const text = {
    running: words.imports.running(summary.found),
    done: words.imports.done(summary.added, summary.changed),
    cancelled: words.imports.cancelled,
    failed: words.imports.failed,
  }[summary.state]
  return (
    <div className="strip__part" data-testid="import-status" data-import-state={summary.state}>
      <FolderSearch size={15} aria-hidden />
      <span>{text}</span>
      {summary.noteCount > 0 && <ImportNotes summary={summary} />}
      {summary.state === 'running' ? (
        <Button small look="quiet" onClick={() => void cancelImport(studio, summary.importId)}>
          {words.common.cancel}
        </Button>
      ) : (
        <Button small icon look="quiet" aria-label={words.common.dismiss} onClick={() => dismissImport(studio, summary.importId)}>
          <X size={14} aria-hidden />
        </Button>
      )}
    </div>
  )
}
