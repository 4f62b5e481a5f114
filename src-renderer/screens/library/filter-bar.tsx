import { Search, X } from 'lucide-react'
import { type RefObject, useEffect, useState } from 'react'
import type { PhotoState } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { setCellSize, setFilter } from '../../state/library-actions.ts'
import { MAX_CELL_PX, MIN_CELL_PX } from '../../state/library-slice.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const SHOWN_STATES: readonly PhotoState[] = ['untagged', 'proposed', 'approved', 'written', 'rejected', 'failed']
const TYPING_PAUSE_MS = 120

export function FilterBar({ inputRef }: { inputRef: RefObject<HTMLInputElement | null> }) {
  const studio = useStudio()
  const filter = useStudioState((state) => state.library.filter)
  const total = useStudioState((state) => state.library.total)
  const selected = useStudioState((state) => state.library.selected.size)
  const cellPx = useStudioState((state) => state.library.cellPx)
  const [text, setText] = useState(filter.text)
  const [stored, setStored] = useState(filter.text)
  // The filter can also be cleared elsewhere; then the field follows.
  if (filter.text !== stored) {
    setStored(filter.text)
    setText(filter.text)
  }
  useEffect(() => {
    if (text === filter.text) return undefined
    const timer = setTimeout(() => void setFilter(studio, { text }), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text, filter.text, studio])
  const toggle = (state: PhotoState) => {
    const states = filter.states.includes(state) ? filter.states.filter((each) => each !== state) : [...filter.states, state]
    void setFilter(studio, { states })
  }
  return (
    <div className="filter">
      <div className="filter__search">
        <Search size={14} aria-hidden />
        <input
          ref={inputRef}
          type="text"
          className="field-input"
          aria-label={words.library.filter}
          placeholder={words.library.filter}
          value={text}
          spellCheck={false}
          data-testid="filter-input"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') inputRef.current?.blur()
            if (event.key !== 'Escape') return
            if (text === '') inputRef.current?.blur()
            setText('')
          }}
        />
        {text === '' ? (
          <kbd aria-hidden>/</kbd>
        ) : (
          <Button small icon look="quiet" aria-label={words.library.clearFilter} onClick={() => setText('')}>
            <X size={13} aria-hidden />
          </Button>
        )}
      </div>
      <div className="filter__states" role="group" aria-label={words.library.stateFilter}>
        {SHOWN_STATES.map((state) => (
          <Button key={state} small look="quiet" aria-pressed={filter.states.includes(state)} onClick={() => toggle(state)}>
            {words.states[state]}
          </Button>
        ))}
      </div>
      <span className="filter__spread" />
      <span className="soft filter__count" data-testid="photo-count">
        {words.library.count(total, selected)}
      </span>
      <input
        type="range"
        className="filter__size"
        aria-label={words.library.size}
        min={MIN_CELL_PX}
        max={MAX_CELL_PX}
        step={10}
        value={cellPx}
        onChange={(event) => setCellSize(studio, Number(event.target.value))}
      />
    </div>
  )
}
