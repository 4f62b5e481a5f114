import { diffWordsWithSpace } from 'diff'
import './parts.css'

export interface DiffPart {
  text: string
  kind: 'same' | 'added' | 'removed'
}

/** Beyond this many characters a word diff is neither quick nor readable: the whole text counts as replaced. */
const LONGEST_DIFF = 8000

/** Parts of the change from one text to another, word by word. Pure. */
export function wordDiff(from: string, to: string): DiffPart[] {
  if (from === to) return from === '' ? [] : [{ text: from, kind: 'same' }]
  const whole: DiffPart[] = [
    { text: from, kind: 'removed' },
    { text: to, kind: 'added' },
  ]
  if (from.length + to.length > LONGEST_DIFF) return whole.filter((part) => part.text !== '')
  return diffWordsWithSpace(from, to).map((part) => ({ text: part.value, kind: part.added ? 'added' : part.removed ? 'removed' : 'same' }))
}

/** `show` picks a side: what is new is marked in the new text, what goes is marked in the old one, `both` shows them in one line. */
export function WordDiff({ from, to, show = 'both' }: { from: string; to: string; show?: 'old' | 'new' | 'both' }) {
  // All new is not a difference: plain text reads better.
  if (from === '')
    return (
      <p className="diff" dir="auto">
        {to}
      </p>
    )
  return (
    <p className="diff" dir="auto">
      {wordDiff(from, to).map((part, index) => {
        if (part.kind === 'same') return <span key={index}>{part.text}</span>
        if (part.kind === 'added') return show === 'old' ? null : <ins key={index}>{part.text}</ins>
        return show === 'new' ? null : <del key={index}>{part.text}</del>
      })}
    </p>
  )
}
