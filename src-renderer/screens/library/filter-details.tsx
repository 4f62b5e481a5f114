import { type ReactNode, useId } from 'react'
import { nameGate } from '../../copy/gates.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { offerKeywords, setFilter } from '../../state/library-actions.ts'
import { CLEARED, type LibraryFilter } from '../../state/library-filter.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Choices of stars: value of the option → range, both ends included. */
const STARS = {
  '': null,
  rejected: { from: -1, to: -1 },
  none: { from: 0, to: 0 },
  '1': { from: 1, to: 5 },
  '2': { from: 2, to: 5 },
  '3': { from: 3, to: 5 },
  '4': { from: 4, to: 5 },
  '5': { from: 5, to: 5 },
} as const satisfies Record<string, LibraryFilter['rating']>

const starsOf = (rating: LibraryFilter['rating']) =>
  Object.entries(STARS).find(([, range]) => range?.from === rating?.from && range?.to === rating?.to)?.[0] ?? ''

/** The second row of the filter: keyword, stars, days, camera, model, gate. */
export function FilterDetails() {
  const studio = useStudio()
  const filter = useStudioState((state) => state.library.filter)
  const facets = useStudioState((state) => state.library.facets)
  const offered = useStudioState((state) => state.library.keywordsOffered)
  const list = useId()
  const change = (part: Partial<LibraryFilter>) => void setFilter(studio, part)
  const named = (names: readonly string[], chosen: string) => (chosen === '' || names.includes(chosen) ? names : [...names, chosen])
  return (
    <div className="details" data-testid="filter-details">
      <Labelled label={words.filter.keyword}>
        <input
          type="text"
          className="field-input"
          list={list}
          spellCheck={false}
          defaultValue={filter.keyword}
          key={filter.keyword}
          data-testid="filter-keyword"
          onChange={(event) => {
            void offerKeywords(studio, event.target.value)
            // Choosing from the list is one change; typing waits for Enter.
            if (event.nativeEvent instanceof InputEvent && event.nativeEvent.inputType === 'insertReplacementText')
              change({ keyword: event.target.value })
          }}
          onFocus={(event) => void offerKeywords(studio, event.target.value)}
          onBlur={(event) => event.target.value !== filter.keyword && change({ keyword: event.target.value })}
          onKeyDown={(event) => event.key === 'Enter' && change({ keyword: event.currentTarget.value })}
        />
        <datalist id={list}>
          {offered.map((keyword) => (
            <option key={keyword} value={keyword} />
          ))}
        </datalist>
      </Labelled>
      <Choice
        label={words.filter.rating}
        testId="filter-rating"
        value={starsOf(filter.rating)}
        options={Object.keys(STARS).map((value) => [value, words.filter.stars[value as keyof typeof STARS]])}
        onChoose={(value) => change({ rating: STARS[value as keyof typeof STARS] })}
      />
      <Labelled label={words.filter.fromDay}>
        <input
          type="date"
          className="field-input"
          value={filter.fromDay}
          data-testid="filter-from"
          onChange={(event) => change({ fromDay: event.target.value })}
        />
      </Labelled>
      <Labelled label={words.filter.toDay}>
        <input
          type="date"
          className="field-input"
          value={filter.toDay}
          data-testid="filter-to"
          onChange={(event) => change({ toDay: event.target.value })}
        />
      </Labelled>
      <Choice
        label={words.filter.camera}
        testId="filter-camera"
        value={filter.camera}
        options={[['', words.filter.any], ...named(facets?.cameras ?? [], filter.camera).map((name) => [name, name] as const)]}
        onChoose={(camera) => change({ camera })}
      />
      <Choice
        label={words.filter.model}
        testId="filter-model"
        value={filter.model}
        options={[['', words.filter.any], ...named(facets?.models ?? [], filter.model).map((name) => [name, name] as const)]}
        onChoose={(model) => change({ model })}
      />
      <Choice
        label={words.filter.gate}
        testId="filter-gate"
        value={filter.gate}
        options={[
          ['', words.filter.anyOrNone],
          ['any', words.filter.heldBack],
          ...named(facets?.gates ?? [], filter.gate === 'any' ? '' : filter.gate).map((gate) => [gate, nameGate(gate)] as const),
        ]}
        onChoose={(gate) => change({ gate })}
      />
      <Button small look="quiet" className="details__clear" onClick={() => change(CLEARED)}>
        {words.library.clearFilter}
      </Button>
    </div>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="details__field">
      <span className="soft">{label}</span>
      {children}
    </label>
  )
}

interface ChoiceProps {
  label: string
  testId: string
  value: string
  options: readonly (readonly [string, string])[]
  onChoose: (value: string) => void
}

function Choice({ label, testId, value, options, onChoose }: ChoiceProps) {
  return (
    <Labelled label={label}>
      <select className="field-input" value={value} data-testid={testId} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  )
}
