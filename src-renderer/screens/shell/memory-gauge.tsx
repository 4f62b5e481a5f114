import { words } from '../../copy/words.ts'
import { MeterBar } from '../../parts/meter.tsx'
import { Popover } from '../../parts/popover.tsx'
import { type Card, partsOf } from '../../state/gauge-view.ts'
import { useStudioState } from '../../state/use-studio.ts'
import { meterParts } from './card-memory.tsx'
import { MemoryPanel } from './memory-panel.tsx'
import './memory-gauge.css'

/** Graphics memory in the top bar: a bar for each card and the sum in words; the figures and the outlook are in its panel. */
export function MemoryGauge() {
  const reading = useStudioState((state) => state.gauge.reading)
  if (!reading) return null
  const drawn = reading.cards.filter((card) => partsOf(card).usedMb !== null)
  return (
    <Popover
      label={words.gauge.label}
      value={summaryOf(reading.cards)}
      testId="memory-gauge"
      widthPx={440}
      figure={
        drawn.length > 0 && (
          <span className="gauge__bars">
            {drawn.map((card) => (
              <MeterBar key={card.index} parts={meterParts(card)} total={card.totalMb} />
            ))}
          </span>
        )
      }
    >
      <MemoryPanel reading={reading} />
    </Popover>
  )
}

function summaryOf(cards: readonly Card[]): string {
  if (cards.length === 0) return words.gauge.processorOnly
  const totalMb = cards.reduce((sum, card) => sum + card.totalMb, 0)
  const used = cards.map((card) => partsOf(card).usedMb)
  if (used.every((each) => each !== null))
    return words.gauge.of(
      used.reduce((sum, each) => sum + each, 0),
      totalMb,
    )
  return cards.some((card) => card.unified) ? words.gauge.sharedShort(totalMb) : words.gauge.notTold
}
