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
                    {(keys.length > 4 ? [keys[0]!, '…', keys.at(-1)!] : keys).map((key) => (
                      <span key={key}>{key === '…' ? '… ' : piecesOf(key).map((piece) => <kbd key={piece}>{piece}</kbd>)}</span>
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
