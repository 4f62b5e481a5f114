import { FolderOpen } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { openPicker, setImportRecursive } from '../../state/import-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** The empty window: three lines that teach the whole job, and one thing to do. */
export function FirstRun() {
  const studio = useStudio()
  const recursive = useStudioState((state) => state.library.importRecursive)
  return (
    <section className="first" aria-labelledby="first-title">
      <div className="first__card">
        <h2 id="first-title">{words.firstRun.title}</h2>
        <ol className="first__lines">
          {words.firstRun.lines.map((line, index) => (
            <li key={line}>
              <span className="first__number" aria-hidden>
                {index + 1}
              </span>
              {line}
            </li>
          ))}
        </ol>
        <div className="first__do">
          <Button look="primary" data-testid="choose-folder" onClick={() => void openPicker(studio)}>
            <FolderOpen size={16} aria-hidden />
            {words.firstRun.choose}
          </Button>
          <label className="check">
            <input type="checkbox" checked={recursive} onChange={(event) => setImportRecursive(studio, event.target.checked)} />
            {words.firstRun.subfolders}
          </label>
        </div>
        <p className="faint">{words.firstRun.works}</p>
      </div>
    </section>
  )
}
