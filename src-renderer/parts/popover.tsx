import { ChevronDown } from 'lucide-react'
import { type ReactNode, useEffect, useEffectEvent, useId, useRef, useState } from 'react'
import './popover.css'

interface PopoverProps {
  /** What the button says; also names the panel. */
  label: string
  value: string
  /** Drawn before the value; says nothing that the value does not. */
  figure?: ReactNode
  testId?: string
  widthPx?: number
  children: ReactNode
}

/** A button that opens a panel below it. Esc and a click elsewhere close it; the keyboard goes into it and back. */
export function Popover({ label, value, figure, testId, widthPx = 340, children }: PopoverProps) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const panelId = useId()
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const leave = useEffectEvent((event: Event) => {
    if (event instanceof KeyboardEvent) {
      if (event.key !== 'Escape') return
      event.preventDefault()
      close()
    } else if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false)
  })
  useEffect(() => {
    if (!open) return undefined
    const listener = (event: Event) => leave(event)
    document.addEventListener('pointerdown', listener)
    document.addEventListener('focusin', listener)
    document.addEventListener('keydown', listener, true)
    root.current?.querySelector<HTMLElement>('.popover__panel input:checked, .popover__panel button, .popover__panel')?.focus()
    return () => {
      document.removeEventListener('pointerdown', listener)
      document.removeEventListener('focusin', listener)
      document.removeEventListener('keydown', listener, true)
    }
  }, [open])
  return (
    <div className="popover" ref={root} data-keys="own">
      <button
        ref={button}
        type="button"
        className="button button--quiet popover__button"
        aria-expanded={open}
        aria-controls={open ? panelId : undefined}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        <span className="faint">{label}</span> {figure}
        <span className="cut">{value}</span>
        <ChevronDown size={14} aria-hidden />
      </button>
      {open && (
        <div id={panelId} className="popover__panel scrolls" role="group" aria-label={label} tabIndex={-1} style={{ width: widthPx }}>
          {children}
        </div>
      )}
    </div>
  )
}

interface OptionProps {
  name: string
  value: string
  checked: boolean
  onChoose: () => void
  title: string
  tag?: ReactNode
  detail?: ReactNode
  /** What choosing it changes, a line each. */
  effects?: readonly string[]
  testId?: string
}

/** One choice of a list, with a line below that says what it means. */
export function Option({ name, value, checked, onChoose, title, tag, detail, effects = [], testId }: OptionProps) {
  return (
    <label className={`option${checked ? ' option--on' : ''}`}>
      <input type="radio" name={name} value={value} checked={checked} onChange={onChoose} data-testid={testId} />
      <span>
        <span className="option__title">
          {title} {tag}
        </span>
        {detail && <span className="option__detail">{detail}</span>}
        {effects.map((effect) => (
          <span key={effect} className="option__effect">
            {effect}
          </span>
        ))}
      </span>
    </label>
  )
}
