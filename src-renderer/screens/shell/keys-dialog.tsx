import { KEY_WORDS } from '../../copy/en/keys.ts'
import { words } from '../../copy/words.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { KEYMAP, type KeyGroup } from '../../state/keymap.ts'
import { closeDialog } from '../../state/navigation.ts'
import { useStudio } from '../../state/use-studio.ts'

const SHOWN: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space' }

/** "Ctrl+Shift+z" as the pieces that stand on the keys. */
function piecesOf(name: string): string[] {
  const pieces = name.split(/\+(?=.)/)
  return pieces.map((piece) => SHOWN[piece] ?? (piece.length === 1 ? piece.toUpperCase() : piece))
}

/** Nine numbers become "1 … 9"; one modifier before four arrows is said once. */
function shortForm(keys: readonly string[]): string[] {
  if (keys.length > 4) return [keys[0]!, '…', keys.at(-1)!]
  if (keys.length === 4 && keys.every((key) => key.startsWith('Shift+'))) return ['Shift', ...keys.map((key) => key.slice(6))]
  return [...keys]
}

export function KeysDialog() {
  const studio = useStudio()
  return (
    <Dialog title={words.keys.title} onClose={() => closeDialog(studio)} widthPx={780}>
      <p className="soft">{words.keys.help}</p>
      <div className="keys">
        {(Object.keys(KEYMAP) as KeyGroup[]).map((group) => (
          <section key={group}>
            <h3>{words.keys.groups[group]}</h3>
            <dl>
              {Object.entries(KEYMAP[group]).map(([action, keys]: [string, readonly string[]]) => (
                <div key={action}>
                  <dt>{KEY_WORDS[action]}</dt>
                  <dd>
                    {shortForm(keys).map((name) => (
                      <span key={name}>{name === '…' ? name : piecesOf(name).map((piece) => <kbd key={piece}>{piece}</kbd>)}</span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
