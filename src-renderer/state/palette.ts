/** What the command palette offers: every action that can be done where the user is, by the words of the key map. Pure. */
import type { Screen } from './app-slice.ts'
import type { KeyGroup, Keymap } from './keymap.ts'

export interface Command {
  group: KeyGroup
  action: string
  words: string
  keys: readonly string[]
}

/** What these do depends on which of their keys is pressed. */
const NEEDS_ITS_KEY: ReadonlySet<string> = new Set(['move', 'extend', 'keyword', 'move-entry', 'palette'])

/** Actions of the screen first, then those that work everywhere; all typed words must occur, in any order. */
export function findCommands(keymap: Keymap, screen: Screen, wordsOf: Readonly<Record<string, string>>, query: string): Command[] {
  const groups = (Object.keys(keymap) as KeyGroup[]).filter((group) => group === screen)
  const typed = query
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== '')
  return [...groups, 'everywhere' as const].flatMap((group) =>
    Object.entries(keymap[group])
      .filter(([action]) => !NEEDS_ITS_KEY.has(action))
      .map(([action, keys]: [string, readonly string[]]) => ({ group, action, words: wordsOf[action] ?? action, keys }))
      .filter((command) => typed.every((part) => command.words.toLowerCase().includes(part))),
  )
}
