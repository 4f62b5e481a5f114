import { CornerLeftUp, Folder, Image } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Note } from '../../parts/problem-note.tsx'
import { browse, setImportRecursive, startImport } from '../../state/import-actions.ts'
import { closeDialog } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Picks a folder or a photo below the granted roots. Every entry is a grant: no path is ever sent. */
export function PickFolderDialog() {
  const studio = useStudio()
  const listing = useStudioState((state) => state.library.browse)
  const dropped = useStudioState((state) => state.library.browseBecauseOfDrop)
  const recursive = useStudioState((state) => state.library.importRecursive)
  const close = () => closeDialog(studio)
  const here = listing?.here ?? null
  return (
    <Dialog
      title={here === null ? words.picker.title : here.name}
      onClose={close}
      widthPx={560}
      foot={
        <>
          <label className="check">
            <input type="checkbox" checked={recursive} onChange={(event) => setImportRecursive(studio, event.target.checked)} />
            {words.firstRun.subfolders}
          </label>
          <span className="spread" />
          <Button onClick={close}>{words.common.cancel}</Button>
          <Button look="primary" data-testid="add-folder" disabled={here === null} onClick={() => here && void startImport(studio, [here.id])}>
            {here === null ? words.picker.choose : words.picker.add(here.name)}
          </Button>
        </>
      }
    >
      <div data-testid="folder-picker" className="picker">
        {dropped && <Note>{words.picker.drop}</Note>}
        {here === null ? (
          <p className="soft">{words.picker.roots}</p>
        ) : (
          <button type="button" className="picker__entry" onClick={() => void browse(studio, listing?.parentId ?? undefined)}>
            <CornerLeftUp size={16} aria-hidden />
            {words.picker.up}
          </button>
        )}
        {listing === null && <p className="faint">{words.common.loading}</p>}
        <ul>
          {listing?.entries.map((entry) => (
            <li key={entry.id}>
              <button
                type="button"
                className="picker__entry"
                data-testid="folder-entry"
                data-kind={entry.kind}
                onClick={() => void (entry.kind === 'folder' ? browse(studio, entry.id) : startImport(studio, [entry.id]))}
              >
                {entry.kind === 'folder' ? (
                  <Folder size={16} aria-label={words.picker.folder} />
                ) : (
                  <Image size={16} aria-label={words.picker.photo} />
                )}
                <span className="cut">{entry.name}</span>
              </button>
            </li>
          ))}
        </ul>
        {listing !== null && listing.entries.length === 0 && <p className="soft">{words.picker.empty}</p>}
        {listing?.truncated && <p className="soft">{words.picker.truncated}</p>}
      </div>
    </Dialog>
  )
}
