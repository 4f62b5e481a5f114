import { Ban, Check, Replace } from 'lucide-react'
import type { StartForecast } from '../../../src-main/contract/engine.ts'
import { words } from '../../copy/words.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { askForecast } from '../../state/gauge-actions.ts'
import { outlookOf } from '../../state/gauge-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

const ICONS = { fits: Check, evicts: Replace, 'does-not-fit': Ban }
const TONES = { fits: 'tag tag--good', evicts: 'tag tag--warn', 'does-not-fit': 'tag tag--bad' }

/** What would happen if the chosen model were started now. */
export function StartOutlook() {
  const studio = useStudio()
  const list = useStudioState((state) => state.models.list)
  const asked = useStudioState((state) => state.gauge.asked)
  const forecast = useStudioState((state) => state.gauge.forecast)
  const problem = useStudioState((state) => state.gauge.forecastProblem)
  const models = list?.filter((model) => !model.remote) ?? []
  if (models.length === 0) return null
  return (
    <section className="gauge__outlook" aria-live="polite">
      <label>
        {words.gauge.whatIf}
        <select
          className="field-input"
          data-testid="forecast-model"
          value={asked ?? ''}
          onChange={(event) => event.target.value !== '' && void askForecast(studio, event.target.value)}
        >
          {asked === null && <option value="">{words.gauge.choose}</option>}
          {models.map((model) => (
            <option key={model.name} value={model.name}>
              {model.displayName}
            </option>
          ))}
        </select>
      </label>
      {problem && <ProblemNote problem={problem} tone="plain" />}
      {forecast && <Outlook forecast={forecast} />}
    </section>
  )
}

function Outlook({ forecast }: { forecast: StartForecast }) {
  const outlook = outlookOf(forecast)
  const Icon = ICONS[outlook]
  return (
    <div className="gauge__answer" data-testid="forecast" data-outlook={outlook}>
      <p>
        <span className={TONES[outlook]}>
          <Icon size={13} aria-hidden /> {words.gauge.outlooks[outlook]}
        </span>{' '}
        {words.gauge.needs(forecast)}
      </p>
      {forecast.evicts.length > 0 && <p>{words.gauge.evicts(forecast.evicts)}</p>}
      <p className="soft">{forecast.reason}</p>
    </div>
  )
}
