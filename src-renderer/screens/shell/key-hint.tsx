import { KeyName } from '../../parts/key-name.tsx'
import type { KeyGroup } from '../../state/keymap.ts'
import { useKeyOf } from '../../state/use-studio.ts'

/** The key of an action beside its words, as the user has it. */
export function KeyHint({ group, action }: { group: KeyGroup; action: string }) {
  const key = useKeyOf(group, action)
  return (
    key !== undefined && (
      <span aria-hidden>
        <KeyName name={key} />
      </span>
    )
  )
}
