/** What every card holds, now and as a stream. Reads cost a child process, so they are shared, and nothing is read unless somebody looks. */
import type { Gauge as GaugeReading } from '../contract/engine.ts'
import type { Clock } from '../lib/clock.ts'
import { attribute, type AttributedProcess, type Resident, type ResidentShare } from './attribution.ts'
import { type Card, type CardProcess, type CardReadings, NO_CARDS, usedMbOf } from './cards.ts'
import { createFindRoot, type FindRoot } from './process-ancestry.ts'

export interface GaugeCard {
  index: number
  name: string
  vendor: Card['vendor']
  totalMb: number
  usedByUsMb: number | null
  usedByOthersMb: number | null
  reservedMb: number
  freeMb: number | null
  unified: boolean
  source: string
  /** Cut into instances: no model can have it whole. */
  mig: boolean
  residents: ResidentShare[]
  processes: { pid: number; usedMb: number | null; ours: boolean }[]
}

export interface Reading extends GaugeReading {
  cards: GaugeCard[]
}

export interface Gauge {
  /** Never rejects; at most a second old. Cards that cannot be read now keep their last figures, with the time of those. */
  read(): Promise<Reading>
  /** Forgets what was read, e.g. after a model went. */
  refresh(): Promise<Reading>
  /** Tells the listener, which must not throw, once a second while models come and go, every five seconds otherwise. Returns its own undo. */
  subscribe(listener: (reading: Reading) => void): () => void
}

export interface GaugeOptions {
  readCards: () => Promise<CardReadings>
  /** Processes that we started. */
  ownPids: () => readonly number[]
  residents?: () => readonly Resident[]
  /** Whether a model is being loaded or unloaded. Default: always, so that listeners are told each second. */
  isActive?: () => boolean
  findRoot?: FindRoot
  clock: Clock
  tickMs?: number
}

const FRESH_MS = 1_000
/** Ticks between two readings while nothing happens. */
const IDLE_TICKS = 5
const NO_CARD_NOTE = 'There is no graphics card here that can serve models.'

export function createGauge(options: GaugeOptions): Gauge {
  const { readCards, ownPids, residents = () => [], isActive = () => true, findRoot = createFindRoot(), clock, tickMs = 1_000 } = options
  const listeners = new Set<(reading: Reading) => void>()
  let last: { reading: Reading; atMs: number } | undefined
  let underWay: Promise<Reading> | undefined
  let timer: NodeJS.Timeout | undefined
  let ticking = false
  let ticksSinceRead = 0

  const take = async (): Promise<Reading> => {
    const { cards, processes, skipped } = await readCards().catch((): CardReadings => ({ ...NO_CARDS, skipped: ['the cards could not be read'] }))
    // A driver that fails for a moment must not make the cards vanish from the window.
    if (cards.length === 0 && skipped.length > 0 && last && last.reading.cards.length > 0) {
      return { ...last.reading, note: skipped.join('; ') }
    }
    const pids = ownPids()
    const held = residents()
    const roots = new Set([...pids, ...held.flatMap(({ pid }) => pid ?? [])])
    const attributed = processes && (await Promise.all(processes.map(async (each) => ({ ...each, root: await findRoot(each.pid, roots) }))))
    return {
      cards: cards.map((card) => onCard(card, cards.length, attributed, held, pids)),
      note: cards.length === 0 ? [NO_CARD_NOTE, ...skipped].join(' ') : skipped.join('; ') || null,
      takenAtMs: clock.nowMs(),
    }
  }

  const refresh = () => {
    underWay ??= take().then((reading) => {
      last = { reading, atMs: clock.ticksMs() }
      underWay = undefined
      return reading
    })
    return underWay
  }
  const read = () => (last && clock.ticksMs() - last.atMs < FRESH_MS ? Promise.resolve(last.reading) : refresh())

  const waitForTick = () => {
    timer = setTimeout(() => void tick(), tickMs)
    timer.unref()
  }
  const tick = async () => {
    timer = undefined
    ticking = true
    ticksSinceRead++
    try {
      if (isActive() || ticksSinceRead >= IDLE_TICKS) {
        ticksSinceRead = 0
        const reading = await refresh()
        for (const listener of listeners) listener(reading)
      }
    } finally {
      ticking = false
      if (listeners.size > 0) waitForTick()
    }
  }

  return {
    read,
    refresh,
    subscribe(listener) {
      listeners.add(listener)
      if (!timer && !ticking) {
        // Whoever begins to look is told at the first tick.
        ticksSinceRead = IDLE_TICKS
        waitForTick()
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearTimeout(timer)
        timer = undefined
      }
    },
  }
}

const isOn = (card: Card, cardCount: number, process: CardProcess) => process.uuid === card.uuid || (process.uuid === null && cardCount === 1)

function onCard(card: Card, cardCount: number, all: AttributedProcess[] | null, held: readonly Resident[], pids: readonly number[]): GaugeCard {
  const processes = all && all.filter((each) => isOn(card, cardCount, each))
  const share = attribute(card, processes, held, pids)
  const used = usedMbOf(card)
  return {
    index: card.index,
    name: card.name,
    vendor: card.vendor,
    totalMb: card.totalMb,
    usedByUsMb: share.usedByUsMb,
    usedByOthersMb: share.usedByOthersMb,
    reservedMb: card.reservedMb ?? 0,
    freeMb: card.freeMb ?? (used === null ? null : Math.max(0, card.totalMb - used - (card.reservedMb ?? 0))),
    unified: card.unified,
    source: share.source,
    mig: card.mig === true,
    residents: share.residents,
    processes: (processes ?? []).map(({ pid, usedMb, root }) => ({ pid, usedMb, ours: root !== undefined })),
  }
}
