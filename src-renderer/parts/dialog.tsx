import { X } from 'lucide-react'
import { type CSSProperties, type ReactNode, useEffect, useId, useRef } from 'react'
import { words } from '../copy/words.ts'
import { Button } from './button.tsx'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
  foot?: ReactNode
  widthPx?: number
  /** Handles Enter where no button or field has the keyboard. */
  onEnter?: () => void
}

/** A modal over the native dialog element: the browser keeps the focus inside, Esc closes, and focus goes back afterwards. */
export function Dialog({ title, onClose, children, foot, widthPx = 620, onEnter }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = element.current
    const before = document.activeElement
    if (dialog && !dialog.open) dialog.showModal()
    // The browser would pick the close button; Enter there would close instead of doing the main thing.
    const field = dialog?.querySelector<HTMLElement>('[data-takes-focus]')
    if (!dialog?.contains(before)) (field ?? body.current)?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={titleId}
      style={{ '--dialog-width': `${widthPx}px` } as CSSProperties}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !onEnter) return
        if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
          return
        event.preventDefault()
        onEnter()
      }}
    >
      <div className="dialog__head">
        <h2 id={titleId}>{title}</h2>
        <Button icon small look="quiet" aria-label={words.common.close} onClick={onClose}>
          <X size={16} aria-hidden />
        </Button>
      </div>
      {/* Scrollable content must be reachable by keyboard. */}
      <div ref={body} className="dialog__body scrolls" tabIndex={0} role="group" aria-labelledby={titleId}>
        {children}
      </div>
      {foot && <div className="dialog__foot">{foot}</div>}
    </dialog>
  )
}
