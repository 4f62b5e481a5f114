import { useEffect, useEffectEvent } from 'react'

/** True where typing belongs to a field: single keys never win over text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'range', 'button'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
}

/** Enter and Space press a button that has the keyboard; they are no shortcut there. */
function pressesControl(event: KeyboardEvent): boolean {
  if (event.key !== 'Enter' && event.key !== ' ') return false
  return event.target instanceof HTMLElement && event.target.closest('button, a, summary, input, [role="button"]') !== null
}

/** Calls the handler for keys outside text fields and dialogs; a handler that returns true has used the key. */
export function useKeys(handler: (event: KeyboardEvent) => boolean | undefined): void {
  const handle = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || isTyping(event.target) || pressesControl(event)) return
    if (document.querySelector('dialog[open]') !== null) return
    if (handler(event) === true) event.preventDefault()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => handle(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])
}
