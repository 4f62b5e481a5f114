import { describe, expect, it } from 'vitest'
import { KEY_WORDS } from '../../../src-renderer/copy/en/keys.ts'
import { findAction, KEYMAP, keyOfAction } from '../../../src-renderer/state/keymap.ts'
import { findCommands } from '../../../src-renderer/state/palette.ts'
import { mergeKeymap } from '../../../src-renderer/state/user-keymap.ts'

const press = (key: string, held = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held })
const whatOf = (user: unknown) => mergeKeymap(user, '/data/keymap.user.json').problem?.data?.['what']

describe("the user's key map", () => {
  it('moves an action to other keys and leaves the rest as it ships', () => {
    const { keymap, problem } = mergeKeymap({ review: { approve: ['Enter'], skip: 'space', zoom: 'ctrl+SHIFT+Z' } }, 'f')
    expect(problem).toBeNull()
    expect(findAction(keymap, 'review', press('Enter'))).toBe('approve')
    expect(findAction(keymap, 'review', press('a'))).toBeUndefined()
    expect(findAction(keymap, 'review', press(' '))).toBe('skip')
    expect(findAction(keymap, 'review', press('Z', { ctrlKey: true, shiftKey: true }))).toBe('zoom')
    expect(keymap.library).toEqual(KEYMAP.library)
  })

  it.each([
    [{ reviews: {} }, 'there is no group "reviews"; the nearest is "review"'],
    [{ review: { aprove: 'a' } }, '"review" has no action "aprove"; the nearest is "approve"'],
    [{ review: { approve: 'x' } }, 'in "review" the key "x" belongs to both "approve" and "reject"'],
    [{ review: { approve: 'Hyper+a' } }, 'review.approve has the key "Hyper+a": "Hyper" is not Ctrl, Alt or Shift'],
    [{ review: { approve: 7 } }, 'review.approve must be a key or a list of keys'],
    [{ review: { approve: [''] } }, 'review.approve has a key that is not a name'],
    [['a'], 'the file must be an object of names'],
  ])('%j is an error that says what, and the shipped map stays', (user, what) => {
    expect(whatOf(user)).toBe(what)
    expect(mergeKeymap(user, 'f').keymap).toEqual(KEYMAP)
  })

  it('takes keys away with an empty list; the palette still reaches the action', () => {
    const { keymap } = mergeKeymap({ review: { reject: [] } }, 'f')
    expect(findAction(keymap, 'review', press('x'))).toBeUndefined()
    expect(findAction(keymap, 'review', press(keyOfAction('review', 'reject')))).toBe('reject')
  })
})

describe('the command palette', () => {
  it('offers what can be done on this screen, found by any of its words', () => {
    const found = (screen: 'review' | 'settings', query: string) => findCommands(KEYMAP, screen, KEY_WORDS, query).map(({ action }) => action)
    expect(found('review', 'next appr')).toEqual(['approve'])
    expect(found('review', '')).toEqual(expect.arrayContaining(['reject', 'write']))
    expect(found('review', '')).not.toContain('keyword')
    expect(found('settings', '')).not.toContain('reject')
  })
})
