import { KEY_WORDS } from '../../copy/en/keys.ts'
import { words } from '../../copy/words.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { KeyName } from '../../parts/key-name.tsx'
import type { KeyGroup } from '../../state/keymap.ts'
import { closeDialog } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Nine numbers become "1 … 9"; one modifier before four arrows is said once. */
function shortForm(keys: readonly string[]): string[] {
  if (keys.length > 4) return [keys[0]!, '…', keys.at(-1)!]
  if (keys.length === 4 && keys.every((key) => key.startsWith('Shift+'))) return ['Shift', ...keys.map((key) => key.slice(6))]
  return [...keys]
}

export function KeysDialog() {
  const studio = useStudio()
  const keymap = useStudioState((state) => state.app.keymap)
  const file = useStudioState((state) => state.app.keymapFile)
  return (
    <Dialog title={words.keys.title} onClose={() => closeDialog(studio)} widthPx={780}>
      <p className="soft">{words.keys.help}</p>
      <div className="keys">
        {(Object.keys(keymap) as KeyGroup[]).map((group) => (
          <section key={group}>
            <h3>{words.keys.groups[group]}</h3>
            <dl>
              {Object.entries(keymap[group]).map(([action, keys]: [string, readonly string[]]) => (
                <div key={action}>
                  <dt>{KEY_WORDS[action]}</dt>
                  <dd>
                    {keys.length === 0 && <span className="faint">{words.keys.none}</span>}
                    {shortForm(keys).map((name) => (
                      <span key={name}>{name === '…' ? name : <KeyName name={name} />}</span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      {file !== null && (
        <p className="soft keys__file">
          {words.keys.remap(file)} <code>{'{ "review": { "approve": ["Enter"], "skip": "Space" } }'}</code>
        </p>
      )}
    </Dialog>
  )
}
