import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Problem } from '../../src-main/contract/model.ts'
import { explainProblem, findDetail } from '../copy/errors.ts'
import './parts.css'

export type Tone = 'plain' | 'good' | 'warn' | 'bad'
const ICONS = { plain: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert }

export function Note({ tone = 'plain', children, action }: { tone?: Tone; children: ReactNode; action?: ReactNode }) {
  const Icon = ICONS[tone]
  return (
    <div className={`note note--${tone}`}>
      <Icon size={16} aria-hidden />
      <div>{children}</div>
      {action}
    </div>
  )
}

/** What happened, whether the file is safe, what to do next. */
export function ProblemNote({ problem, tone = 'bad', action }: { problem: Problem; tone?: Tone; action?: ReactNode }) {
  const { what, safe, next } = explainProblem(problem)
  const detail = findDetail(problem)
  return (
    <Note tone={tone} action={action}>
      <p>{what}</p>
      {(safe !== '' || next !== '') && <p className="note__more">{[safe, next].filter((sentence) => sentence !== '').join(' ')}</p>}
      {detail !== undefined && <p className="note__detail">{detail}</p>}
    </Note>
  )
}
