import { CircleCheck, CircleX, RotateCw, TriangleAlert } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { loadChecks } from '../../state/app-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import './doctor.css'

const LOOK = {
  ok: { Icon: CircleCheck, tone: 'state--good' },
  warning: { Icon: TriangleAlert, tone: 'state--warn' },
  missing: { Icon: CircleX, tone: 'state--bad' },
} as const

export function DoctorScreen() {
  const studio = useStudio()
  const checks = useStudioState((state) => state.app.checks)
  const info = useStudioState((state) => state.app.info)
  return (
    <div className="page scrolls" tabIndex={0} role="region" aria-label={words.doctor.title}>
      <div className="page__inner doctor">
        <header className="page__head">
          <div>
            <h2>{words.doctor.title}</h2>
            <p>{words.doctor.help}</p>
          </div>
          <Button onClick={() => void loadChecks(studio)}>
            <RotateCw size={14} aria-hidden />
            {words.doctor.again}
          </Button>
        </header>
        {checks === null && <p className="faint">{words.common.loading}</p>}
        <ul className="doctor__list">
          {checks?.map((check) => {
            const { Icon, tone } = LOOK[check.state]
            return (
              <li key={check.name} className="doctor__check" data-state={check.state}>
                <Icon size={18} className={tone} aria-label={words.doctor.states[check.state]} />
                <h3>{check.name}</h3>
                <div>
                  <p>{check.detail}</p>
                  {check.remedy !== null && check.state !== 'ok' && <p className="soft">{check.remedy}</p>}
                </div>
              </li>
            )
          })}
        </ul>
        {info && (
          <p className="soft doctor__gateway">
            {words.doctor.gateway}: <code>{info.proxyUrl ?? words.doctor.gatewayOff}</code> {info.proxyNote}
          </p>
        )}
      </div>
    </div>
  )
}
