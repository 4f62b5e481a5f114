/** The user's changes to the key map, checked whole: one wrong line and the shipped map stays in force, with the reason. Pure. */
import { distance } from 'fastest-levenshtein'
import type { Problem } from '../../src-main/contract/model.ts'
import { KEYMAP, type Keymap, nameOfKey } from './keymap.ts'

const MODIFIERS = ['Ctrl', 'Alt', 'Shift']
const LONGEST_KEY = 40

/** @param user What the file holds: group → action → key or keys; an empty list takes the keys away. */
export function mergeKeymap(user: unknown, file: string): { keymap: Keymap; problem: Problem | null } {
  try {
    return { keymap: merged(user), problem: null }
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    return { keymap: KEYMAP, problem: { code: 'keymap-invalid', message: what, data: { path: file, what } } }
  }
}

function merged(user: unknown): Keymap {
  const groups = entriesOf(user, 'the file')
  const next: Record<string, Record<string, readonly string[]>> = structuredClone(KEYMAP) as never
  for (const [group, actions] of groups) {
    const known = next[group]
    if (!known) throw new Error(`there is no group "${group}"${nearest(group, Object.keys(next))}`)
    for (const [action, keys] of entriesOf(actions, `"${group}"`)) {
      if (!known[action]) throw new Error(`"${group}" has no action "${action}"${nearest(action, Object.keys(known))}`)
      known[action] = keysOf(keys, `${group}.${action}`)
    }
    // Only what the user moved can collide; the shipped map is free of it.
    refuseTwice(group, known)
  }
  return next as never
}

function entriesOf(value: unknown, where: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where} must be an object of names`)
  return Object.entries(value)
}

function keysOf(value: unknown, where: string): string[] {
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list)) throw new Error(`${where} must be a key or a list of keys`)
  return list.map((key) => {
    if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY) throw new Error(`${where} has a key that is not a name`)
    return canonicalKey(key, where)
  })
}

/** `shift+CTRL+Z` → `Ctrl+Shift+z`, as a key press names itself. */
function canonicalKey(given: string, where: string): string {
  const pieces = given.split(/\+(?=.)/)
  const key = pieces.pop()!
  const held = pieces.map((piece) => {
    const known = MODIFIERS.find((each) => each.toLowerCase() === piece.toLowerCase())
    if (!known) throw new Error(`${where} has the key "${given}": "${piece}" is not Ctrl, Alt or Shift`)
    return known
  })
  return nameOfKey({
    key: key.toLowerCase() === 'space' ? ' ' : key,
    ctrlKey: held.includes('Ctrl'),
    altKey: held.includes('Alt'),
    shiftKey: held.includes('Shift'),
    metaKey: false,
  })
}

function refuseTwice(group: string, actions: Record<string, readonly string[]>): void {
  const taken = new Map<string, string>()
  for (const [action, keys] of Object.entries(actions)) {
    for (const key of keys) {
      const other = taken.get(key)
      if (other !== undefined && other !== action) throw new Error(`in "${group}" the key "${key}" belongs to both "${other}" and "${action}"`)
      taken.set(key, action)
    }
  }
}

function nearest(name: string, known: readonly string[]): string {
  const [best] = [...known].sort((a, b) => distance(name, a) - distance(name, b))
  return best === undefined ? '' : `; the nearest is "${best}"`
}
