import { FolderDown } from 'lucide-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { words } from '../../copy/words.ts'
import { dropFiles } from '../../state/import-actions.ts'
import { useStudio } from '../../state/use-studio.ts'

const carriesFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')

/** The whole library takes files and folders. */
export function DropZone({ children }: { children: ReactNode }) {
  const studio = useStudio()
  const [over, setOver] = useState(false)
  // Entering a child also leaves its parent: only the balance tells whether the pointer is still inside.
  const depth = useRef(0)
  const settle = (change: number) => {
    depth.current = Math.max(0, depth.current + change)
    setOver(depth.current > 0)
  }
  return (
    <div
      className="drop"
      data-testid="drop-zone"
      onDragEnter={(event) => carriesFiles(event) && settle(1)}
      onDragLeave={(event) => carriesFiles(event) && settle(-1)}
      onDragOver={(event) => {
        if (!carriesFiles(event)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = 'copy'
      }}
      onDrop={(event) => {
        if (!carriesFiles(event)) return
        event.preventDefault()
        depth.current = 0
        setOver(false)
        void dropFiles(studio, [...event.dataTransfer.files])
      }}
    >
      {children}
      {over && (
        <div className="drop__over" aria-hidden>
          <FolderDown size={40} strokeWidth={1.4} />
          <span>{words.library.dropNow}</span>
        </div>
      )}
    </div>
  )
}
