import { useEffect } from 'react'
import type { Gauge } from '../../../src-main/contract/engine.ts'
import { words } from '../../copy/words.ts'
import { watchGauge } from '../../state/gauge-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { CardMemory } from './card-memory.tsx'
import { StartOutlook } from './start-outlook.tsx'

/** The figures; they are read each second while this is open. */
export function MemoryPanel({ reading }: { reading: Gauge }) {
  const studio = useStudio()
  const history = useStudioState((state) => state.gauge.history)
  useEffect(() => {
    watchGauge(studio, true)
    return () => watchGauge(studio, false)
  }, [studio])
  return (
    <div className="gauge" data-testid="memory-panel">
      {reading.cards.length > 0 && <p className="soft">{words.gauge.help}</p>}
      {reading.note !== null && <p>{reading.note}</p>}
      {reading.cards.length === 0 && <p className="soft">{words.gauge.processorOnlyHelp}</p>}
      {reading.cards.map((card) => (
        <CardMemory key={card.index} card={card} history={history} nowMs={reading.takenAtMs} />
      ))}
      <StartOutlook />
    </div>
  )
}
