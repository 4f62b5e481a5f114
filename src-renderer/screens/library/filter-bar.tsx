import { ArrowDownNarrowWide, ArrowUpNarrowWide, ListFilter, Search, X } from 'lucide-react'
import { memo, type RefObject, useState } from 'react'
import { type PhotoState, SORTS, type Sort } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { setCellSize, setFilter, showFilterDetails } from '../../state/library-actions.ts'
import { countDetails } from '../../state/library-filter.ts'
import { MAX_CELL_PX, MIN_CELL_PX } from '../../state/library-slice.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const SHOWN_STATES: readonly PhotoState[] = ['untagged', 'proposed', 'approved', 'written', 'rejected', 'failed']

export const FilterBar = memo(function FilterBar({ inputRef }: { inputRef: RefObject<HTMLInputElement | null> }) {
  const studio = useStudio()
  const filter = useStudioState((state) => state.library.filter)
  const total = useStudioState((state) => state.library.total)
  const selected = useStudioState((state) => state.library.selected.size)
  const cellPx = useStudioState((state) => state.library.cellPx)
  const details = useStudioState((state) => state.library.filterOpen)
  const [text, setText] = useState(filter.text)
  const [stored, setStored] = useState(filter.text)
  // The filter can also be cleared elsewhere; then the field follows.
  if (filter.text !== stored) {
    setStored(filter.text)
    setText(filter.text)
  }
  const type = (typed: string) => {
    setText(typed)
    void setFilter(studio, { text: typed }, 'typed')
  }
  const inUse = countDetails(filter)
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
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') inputRef.current?.blur()
            if (event.key !== 'Escape') return
            if (text === '') inputRef.current?.blur()
            type('')
          }}
        />
        {text === '' ? (
          <kbd aria-hidden>/</kbd>
        ) : (
          <Button small icon look="quiet" aria-label={words.library.clearFilter} onClick={() => type('')}>
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
      <Button
        small
        icon={inUse === 0}
        look="quiet"
        aria-label={inUse === 0 ? words.filter.more : words.filter.moreActive(inUse)}
        aria-expanded={details}
        data-testid="filter-more"
        onClick={() => showFilterDetails(studio, !details)}
      >
        <ListFilter size={15} aria-hidden />
        {inUse > 0 && <span aria-hidden>{inUse}</span>}
      </Button>
      <span className="filter__spread" />
      <span className="soft filter__count" data-testid="photo-count">
        {words.library.count(total, selected)}
      </span>
      <select
        className="field-input filter__sort"
        aria-label={words.filter.sort}
        value={filter.sort}
        data-testid="sort"
        onChange={(event) => void setFilter(studio, { sort: event.target.value as Sort })}
      >
        {SORTS.map((sort) => (
          <option key={sort} value={sort}>
            {words.filter.sorts[sort]}
          </option>
        ))}
      </select>
      <Button
        small
        icon
        look="quiet"
        aria-label={filter.descending ? words.filter.descending : words.filter.ascending}
        data-testid="sort-direction"
        onClick={() => void setFilter(studio, { descending: !filter.descending })}
      >
        {filter.descending ? <ArrowDownNarrowWide size={15} aria-hidden /> : <ArrowUpNarrowWide size={15} aria-hidden />}
      </Button>
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
})
