import { diffWordsWithSpace } from 'diff'
import { Fragment } from 'react'
import './parts.css'

export interface DiffPart {
  text: string
  kind: 'same' | 'added' | 'removed'
}

/** Beyond this many characters a word diff is neither quick nor readable: the whole text counts as replaced. */
const LONGEST_DIFF = 8000

/** Texts that share less than this are two texts, not one that was edited: mixing their words helps nobody. */
const LEAST_SHARED = 0.4

/** Parts of the change from one text to another, word by word. Pure. */
export function wordDiff(from: string, to: string): DiffPart[] {
  if (from === to) return from === '' ? [] : [{ text: from, kind: 'same' }]
  const replaced = [
    { text: from, kind: 'removed' as const },
    { text: to, kind: 'added' as const },
  ].filter((part) => part.text !== '')
  if (from.length + to.length > LONGEST_DIFF) return replaced
  const parts: DiffPart[] = diffWordsWithSpace(from, to).map((part) => ({
    text: part.value,
    kind: part.added ? 'added' : part.removed ? 'removed' : 'same',
  }))
  const shared = parts.reduce((sum, part) => (part.kind === 'same' ? sum + part.text.trim().length : sum), 0)
  return shared < LEAST_SHARED * Math.min(from.length, to.length) ? replaced : parts
}

/** `show` picks a side: what is new is marked in the new text, what goes is marked in the old one, `both` shows them in one line. */
export function WordDiff({ from, to, show = 'both' }: { from: string; to: string; show?: 'old' | 'new' | 'both' }) {
  const parts = wordDiff(from, to)
  // All new is not a difference: plain text reads better.
  if (from === '' || (show === 'new' && !parts.some((part) => part.kind === 'same'))) {
    return (
      <p className="diff" dir="auto">
        {to}
      </p>
    )
  }
  return (
    <p className="diff" dir="auto">
      {parts.map((part, index) => {
        if (part.kind === 'same') return <span key={index}>{part.text}</span>
        if (part.kind === 'added') return show === 'old' ? null : <ins key={index}>{part.text}</ins>
        if (show === 'new') return null
        return (
          <Fragment key={index}>
            <del>{part.text}</del>
            {show === 'both' && parts[index + 1]?.kind === 'added' && ' '}
          </Fragment>
        )
      })}
    </p>
  )
}
