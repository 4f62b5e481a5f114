import { Pin, Play, Square } from 'lucide-react'
import { memoryLines } from '../../copy/en/memory.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { changeServing, hideModel } from '../../state/serving-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** How one model is served: its state and why, its memory, its log; start, stop and keep. */
export function ModelDialog() {
  const studio = useStudio()
  const shown = useStudioState((state) => state.models.shown)
  const busy = useStudioState((state) => state.models.serving !== null)
  if (!shown) return null
  const { detail, serving, lines } = shown
  const served = serving.models.find((model) => model.name === detail.name)
  const state = served?.state ?? 'stopped'
  const idle = state === 'stopped' || state === 'failed'
  const pinned = served?.pinned ?? false
  const change = (wish: Parameters<typeof changeServing>[2]) => void changeServing(studio, detail.name, wish)
  return (
    <Dialog title={detail.displayName} onClose={() => hideModel(studio)} widthPx={680}>
      <div className="serving" data-testid="model-dialog" data-serving={state}>
        <p>
          <span className="tag">{words.serving.states[state]}</span> {served?.reason ?? detail.stateReason}
        </p>
        {served?.managed === false && <p className="soft">{words.serving.foreign}</p>}
        <div className="serving__tools">
          <Button data-testid="model-start" disabled={busy || !idle} onClick={() => change('load')}>
            <Play size={14} aria-hidden /> {words.serving.start}
          </Button>
          <Button data-testid="model-stop" disabled={busy || idle || served?.managed === false} onClick={() => change('unload')}>
            <Square size={14} aria-hidden /> {words.serving.stop}
          </Button>
          <Button data-testid="model-pin" aria-pressed={pinned} disabled={busy} onClick={() => change(pinned ? 'unpin' : 'pin')}>
            <Pin size={14} aria-hidden /> {words.serving.pin}
          </Button>
        </div>
        <ul className="serving__memory" aria-label={words.models.memory}>
          {memoryLines(detail.memory).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <h3>{words.serving.log}</h3>
        {lines.length === 0 ? (
          <p className="soft">{words.serving.noLog}</p>
        ) : (
          <pre className="serving__log scrolls" tabIndex={0} aria-label={words.serving.log}>
            {lines.join('\n')}
          </pre>
        )}
      </div>
    </Dialog>
  )
}
