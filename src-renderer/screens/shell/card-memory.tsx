import { formatMegabytes } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Meter, MeterKey, type MeterPart } from '../../parts/meter.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { type Card, type GaugeSample, HISTORY_MS, partsOf } from '../../state/gauge-view.ts'

export function meterParts(card: Card): MeterPart[] {
  const parts = partsOf(card)
  return [
    { look: 'ours', value: parts.ourMb ?? 0 },
    { look: 'others', value: parts.otherMb ?? 0 },
    { look: 'unnamed', value: parts.unnamedMb },
    { look: 'reserved', value: parts.reservedMb },
  ]
}

/** One card: its bar, a figure for every part, and the last minutes. */
export function CardMemory({ card, history, nowMs }: { card: Card; history: readonly GaugeSample[]; nowMs: number }) {
  const parts = partsOf(card)
  const title = words.gauge.card(card)
  return (
    <section className="gauge__card" aria-label={title} data-testid="gauge-card">
      <p className="gauge__name">{title}</p>
      {card.unified && <p className="soft">{words.gauge.shared(card.totalMb)}</p>}
      {parts.usedMb === null ? (
        <p className="soft">{words.gauge.untold}</p>
      ) : (
        <>
          <Meter
            label={title}
            parts={meterParts(card)}
            total={card.totalMb}
            value={parts.usedMb + parts.reservedMb}
            text={words.gauge.meter(parts.usedMb + parts.reservedMb, card.totalMb, parts.freeMb)}
          />
          <dl className="gauge__figures">
            <Figure look="ours" name={words.gauge.ours} mb={parts.ourMb} />
            <Figure look="others" name={words.gauge.others} mb={parts.otherMb} />
            {parts.unnamedMb > 0 && <Figure look="unnamed" name={words.gauge.unnamed} mb={parts.unnamedMb} />}
            <Figure look="reserved" name={words.gauge.reserved} mb={parts.reservedMb} />
            <Figure look="free" name={words.gauge.free} mb={parts.freeMb} />
          </dl>
          <History card={card} history={history} nowMs={nowMs} />
        </>
      )}
      {words.gauge.source(card.source) !== '' && <p className="faint gauge__note">{words.gauge.source(card.source)}</p>}
    </section>
  )
}

function Figure({ look, name, mb }: { look: MeterPart['look'] | 'free'; name: string; mb: number | null }) {
  return (
    <div>
      <dt>
        <MeterKey look={look} /> {name}
      </dt>
      <dd>{mb === null ? words.gauge.notTold : formatMegabytes(mb)}</dd>
    </div>
  )
}

function History({ card, history, nowMs }: { card: Card; history: readonly GaugeSample[]; nowMs: number }) {
  const points = history.flatMap(({ atMs, shares }) => {
    const share = shares[card.index]
    return share === undefined ? [] : [{ at: Math.max(0, 1 - (nowMs - atMs) / HISTORY_MS), share }]
  })
  if (points.length === 0) return null
  const taken = points.map(({ share }) => share)
  return <Sparkline points={points} label={words.gauge.history(Math.min(...taken), Math.max(...taken))} />
}
