import './meter.css'

export interface MeterPart {
  /** Told apart by pattern, not by colour alone. */
  look: 'ours' | 'others' | 'unnamed' | 'reserved'
  value: number
}

const shares = (parts: readonly MeterPart[], total: number) =>
  parts.filter((part) => part.value > 0 && total > 0).map((part) => ({ ...part, percent: Math.min(100, (part.value / total) * 100) }))

interface BarProps {
  parts: readonly MeterPart[]
  total: number
}

/** The bar alone, for where words beside it say the same. */
export function MeterBar({ parts, total }: BarProps) {
  return (
    <span className="meter" aria-hidden>
      {shares(parts, total).map(({ look, percent }) => (
        <span key={look} className={`meter__part meter__part--${look}`} style={{ width: `${percent}%` }} />
      ))}
    </span>
  )
}

interface MeterProps extends BarProps {
  label: string
  /** How much of it counts as taken, in the unit of `total`. */
  value: number
  text: string
}

export function Meter({ parts, total, label, value, text }: MeterProps) {
  return (
    <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={total} aria-valuenow={Math.min(value, total)} aria-valuetext={text}>
      <MeterBar parts={parts} total={total} />
    </div>
  )
}

/** The pattern of a part beside its words. */
export function MeterKey({ look }: { look: MeterPart['look'] | 'free' }) {
  return <span className={`meter__key meter__part--${look}`} aria-hidden />
}
