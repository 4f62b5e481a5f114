import { Check, CheckCheck, Circle, CircleDashed, Clock, Sparkles, TriangleAlert, X } from 'lucide-react'
import type { PhotoState } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import './parts.css'

const LOOK = {
  untagged: { Icon: CircleDashed, tone: 'plain' },
  queued: { Icon: Clock, tone: 'plain' },
  proposed: { Icon: Sparkles, tone: 'warn' },
  approved: { Icon: Check, tone: 'good' },
  written: { Icon: CheckCheck, tone: 'good' },
  rejected: { Icon: X, tone: 'plain' },
  failed: { Icon: TriangleAlert, tone: 'bad' },
} as const satisfies Record<PhotoState, { Icon: typeof Circle; tone: string }>

/** State of a photo by shape, colour and word; with `bare` the word is for screen readers and the tooltip. */
export function StateBadge({ state, bare = false }: { state: PhotoState; bare?: boolean }) {
  const { Icon, tone } = LOOK[state]
  const label = words.states[state]
  return (
    <span className={`state state--${tone}`} title={bare ? label : undefined}>
      <Icon size={14} aria-hidden />
      <span className={bare ? 'visually-hidden' : ''}>{label}</span>
    </span>
  )
}
