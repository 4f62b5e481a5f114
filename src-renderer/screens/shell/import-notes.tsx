import { useState } from 'react'
import type { ImportSummary } from '../../../src-main/contract/model.ts'
import { explainProblem } from '../../copy/errors.ts'
import { words } from '../../copy/words.ts'
import { Dialog } from '../../parts/dialog.tsx'

/** Files that an import left out, each with its reason. */
export function ImportNotes({ summary }: { summary: ImportSummary }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="link" onClick={() => setOpen(true)}>
        {words.imports.notes(summary.noteCount)}
      </button>
      {open && (
        <Dialog title={words.imports.notesTitle} onClose={() => setOpen(false)} widthPx={680}>
          <ul className="rows">
            {summary.notes.map((note) => (
              <li key={`${note.path} ${note.code}`} className="rows__row">
                <p className="rows__title">{note.path}</p>
                <p className="soft">{explainProblem({ ...note, data: { path: note.path } }).what}</p>
              </li>
            ))}
          </ul>
          {summary.noteCount > summary.notes.length && <p className="soft">{words.imports.more(summary.noteCount - summary.notes.length)}</p>}
          {summary.ignored > 0 && <p className="faint">{words.imports.ignored(summary.ignored)}</p>}
        </Dialog>
      )}
    </>
  )
}
