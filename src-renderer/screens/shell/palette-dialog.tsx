import { useId, useState } from 'react'
import { KEY_WORDS } from '../../copy/en/keys.ts'
import { words } from '../../copy/words.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { KeyName } from '../../parts/key-name.tsx'
import { keyOfAction } from '../../state/keymap.ts'
import { closeDialog } from '../../state/navigation.ts'
import { type Command, findCommands } from '../../state/palette.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Every action by its words. It presses the action's own name, so that a command and a key can never do different things. */
export function PaletteDialog() {
  const studio = useStudio()
  const keymap = useStudioState((state) => state.app.keymap)
  const screen = useStudioState((state) => state.app.screen)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const commands = findCommands(keymap, screen, KEY_WORDS, query)
  const marked = Math.min(at, commands.length - 1)
  const run = (command: Command | undefined) => {
    if (!command) return
    closeDialog(studio)
    // Once the dialog is gone, keys reach the screen again.
    requestAnimationFrame(() => {
      window.dispatchEvent(new KeyboardEvent('keydown', { key: keyOfAction(command.group, command.action), cancelable: true }))
    })
  }
  return (
    <Dialog title={words.keys.palette} onClose={() => closeDialog(studio)} widthPx={560}>
      <input
        type="text"
        role="combobox"
        className="field-input"
        data-testid="palette-input"
        aria-label={words.keys.paletteHelp}
        placeholder={words.keys.paletteHelp}
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={marked >= 0 ? `${id}-${marked}` : undefined}
        data-takes-focus
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
          if (step !== 0 && commands.length > 0) setAt((marked + step + commands.length) % commands.length)
          else if (event.key === 'Enter') run(commands[marked])
          else return
          event.preventDefault()
        }}
      />
      <ul id={`${id}-list`} className="palette" role="listbox" aria-label={words.keys.palette}>
        {commands.map((command, index) => (
          <li
            key={`${command.group} ${command.action}`}
            id={`${id}-${index}`}
            role="option"
            className="palette__command"
            data-testid="palette-command"
            aria-selected={index === marked}
            ref={index === marked ? (row) => row?.scrollIntoView({ block: 'nearest' }) : undefined}
            onClick={() => run(command)}
          >
            <span>{command.words}</span>
            {command.keys[0] !== undefined && (
              <span className="palette__keys" aria-hidden>
                <KeyName name={command.keys[0]} />
              </span>
            )}
          </li>
        ))}
      </ul>
      <p className={commands.length === 0 ? 'soft' : 'visually-hidden'} role="status">
        {words.keys.paletteCount(commands.length)}
      </p>
    </Dialog>
  )
}
