/** Every key of the studio in one table, as it ships; the key map screen and the handlers read the same one. Pure. */
export const KEYMAP = {
  everywhere: {
    'key-map': ['?'],
    palette: ['Ctrl+Shift+p'],
    undo: ['Ctrl+z'],
    redo: ['Ctrl+Shift+z', 'Ctrl+y'],
    write: ['w', 'Ctrl+s'],
    'go-library': ['g'],
    'go-journal': ['j'],
  },
  library: {
    move: ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'],
    extend: ['Shift+ArrowLeft', 'Shift+ArrowRight', 'Shift+ArrowUp', 'Shift+ArrowDown'],
    review: ['Enter'],
    loupe: [' '],
    zoom: ['z'],
    'full-screen': ['f'],
    exif: ['i'],
    'tag-selection': ['t'],
    'approve-selection': ['a', 'p'],
    'reject-selection': ['x'],
    'reopen-selection': ['u'],
    'bulk-edit': ['b'],
    'select-all': ['Ctrl+a'],
    'toggle-selected': ['Ctrl+ '],
    filter: ['/'],
    'filter-details': ['Shift+f'],
    'clear-selection': ['Escape'],
    larger: ['+', '='],
    smaller: ['-'],
  },
  review: {
    approve: ['a', 'p'],
    reject: ['x'],
    reopen: ['u'],
    skip: ['s', 'ArrowRight'],
    previous: ['ArrowLeft'],
    'first-photo': ['Home'],
    'last-photo': ['End'],
    keyword: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    'add-keyword': ['k', 'Ctrl+k'],
    'accept-keywords': ['Shift+k'],
    'reject-keywords': ['Shift+x'],
    edit: ['e'],
    'edit-description': ['d'],
    'accept-title': ['Shift+t'],
    'accept-description': ['Shift+d'],
    zoom: ['z', ' '],
    'full-screen': ['f'],
    'bulk-edit': ['b'],
    saw: ['v'],
    compare: ['c'],
    'ask-again': ['r'],
    provenance: ['i'],
    back: ['Escape'],
  },
  journal: { 'move-entry': ['ArrowUp', 'ArrowDown'], 'select-entry': [' '], 'select-all': ['Ctrl+a'], revert: ['r'] },
} as const satisfies Record<string, Record<string, readonly string[]>>

export type KeyGroup = keyof typeof KEYMAP
/** A key map as it is in force: the shipped one with the user's changes. */
export type Keymap = { readonly [G in KeyGroup]: { readonly [A in keyof (typeof KEYMAP)[G]]: readonly string[] } }

export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

/** `Ctrl+Shift+z`, `ArrowLeft`, `?`. Command on a Mac counts as Ctrl; Shift is named only where it does not make the character. */
export function nameOfKey(press: KeyPress): string {
  const printable = press.key.length === 1
  const letter = printable && press.key.toLowerCase() !== press.key.toUpperCase()
  const key = letter ? press.key.toLowerCase() : press.key
  const shift = press.shiftKey && (!printable || letter || key === ' ')
  return `${press.ctrlKey || press.metaKey ? 'Ctrl+' : ''}${press.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`
}

/** The name that an action answers to whatever keys it has: how the command palette presses it. */
export const keyOfAction = (group: KeyGroup, action: string): string => `${group}:${action}`

/** The action of a key in a group, or undefined. */
export function findAction<G extends KeyGroup>(keymap: Keymap, group: G, press: KeyPress): keyof (typeof KEYMAP)[G] | undefined {
  const name = nameOfKey(press)
  const entries = Object.entries(keymap[group]) as [keyof (typeof KEYMAP)[G] & string, readonly string[]][]
  return entries.find(([action, keys]) => keys.includes(name) || name === keyOfAction(group, action))?.[0]
}
