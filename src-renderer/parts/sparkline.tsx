import './meter.css'

interface SparklineProps {
  /** `at` from 0 (the oldest edge) to 1 (now); `share` from 0 to 1. */
  points: readonly { at: number; share: number }[]
  label: string
}

const WIDTH = 200
const HEIGHT = 36

/** A line of the last minutes. It is drawn where its points are and does not move by itself. */
export function Sparkline({ points, label }: SparklineProps) {
  const only = points.length === 1 ? points[0] : undefined
  const shown = only ? [{ ...only, at: Math.max(0, only.at - 0.01) }, only] : points
  const line = shown.map(({ at, share }) => `${(at * WIDTH).toFixed(1)},${(HEIGHT - 1 - share * (HEIGHT - 2)).toFixed(1)}`).join(' ')
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline points={line} />
    </svg>
  )
}
