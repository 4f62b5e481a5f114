/**
 * What the cards hold, for those who look again and again. A single look asks the driver once. Who looks twice within five seconds is
 * answered by NVIDIA's tool printing once a second; it is ended when nobody looked for twelve seconds, and with the studio.
 */
import type { Clock } from '../lib/clock.ts'
import type { CardProcess, CardReadings } from './cards.ts'
import { CARD_QUERY, GPU_QUERY, parseNvidiaCards, parseNvidiaProcesses, PROCESS_QUERY } from './parse-nvidia-smi.ts'
import { readCards } from './read-cards.ts'
import { findNvidiaTool } from './read-nvidia.ts'
import type { Environment } from './run-tool.ts'
import { createToolStream, type ToolStream } from './tool-stream.ts'

const SECOND_LOOK_MS = 5_000
const LINGER_MS = 12_000
/** In rounds: an older reading is no answer any more; programs that were not told of for so long are gone. */
const STALE_ROUNDS = 3
/** The lines of one round come together. */
const ROUND_GAP_MS = 100
const HUNG_MS = 10_000

export interface CardWatch {
  /** Never rejects; bounded as `readCards`. */
  read(): Promise<CardReadings>
  /** Idempotent; later looks ask once each. */
  dispose(): void
}

export interface CardWatchOptions {
  environment: Environment
  platform?: NodeJS.Platform
  clock: Clock
  /** Milliseconds between two rounds. */
  everyMs?: number
  lingerMs?: number
  firstPauseMs?: number
}

/** Rounds of lines: a card's number that does not grow, or a pause, ends one. */
function createRounds(onRound: (lines: string) => void) {
  let lines: string[] = []
  let last = -1
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    if (lines.length > 0) onRound(lines.join('\n'))
    lines = []
    last = -1
  }
  return {
    add(line: string, key: number) {
      if (key <= last) flush()
      last = key
      lines.push(line)
      clearTimeout(timer)
      timer = setTimeout(flush, ROUND_GAP_MS)
      timer.unref()
    },
    drop() {
      clearTimeout(timer)
      lines = []
      last = -1
    },
  }
}

export function createCardWatch(options: CardWatchOptions): CardWatch {
  const { environment, platform = process.platform, clock, everyMs = 1_000, lingerMs = LINGER_MS, firstPauseMs } = options
  const ask = () => readCards({ environment, platform })
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let streams: ToolStream[] | undefined
  let starting = false
  let disposed = false
  let ending: NodeJS.Timeout | undefined
  let latest: { reading: Pick<CardReadings, 'cards' | 'skipped'>; atMs: number } | undefined
  /** By the second in which they were told of. */
  let programs: { found: CardProcess[]; atMs: number } = { found: [], atMs: Number.NEGATIVE_INFINITY }
  const isFresh = (atMs: number) => clock.ticksMs() - atMs < everyMs * STALE_ROUNDS

  const cardRounds = createRounds((lines) => {
    latest = { reading: parseNvidiaCards(lines), atMs: clock.ticksMs() }
  })

  const stop = () => {
    clearTimeout(ending)
    for (const stream of streams ?? []) stream.stop()
    streams = undefined
    latest = undefined
    cardRounds.drop()
  }

  const start = async () => {
    if (streams || starting || disposed || platform === 'darwin') return
    starting = true
    const tool = await findNvidiaTool(environment, platform)
    starting = false
    if (tool === undefined || disposed || streams) return
    const loop = ['--format=csv,noheader,nounits', `--loop-ms=${everyMs}`]
    const common = { tool, ...(firstPauseMs === undefined ? {} : { firstPauseMs }) }
    let stamp = ''
    streams = [
      createToolStream({
        ...common,
        variants: [CARD_QUERY, GPU_QUERY].map((query) => [`--query-gpu=${query}`, ...loop]),
        silentMs: Math.max(HUNG_MS, everyMs * 5),
        onLine: (line) => cardRounds.add(line, Number.parseInt(line, 10) || 0),
        onEnd: () => {
          latest = undefined
          cardRounds.drop()
        },
      }),
      createToolStream({
        ...common,
        // Without a program there is no line at all, so silence is an answer.
        variants: [[`--query-compute-apps=timestamp,${PROCESS_QUERY}`, ...loop]],
        silentMs: Number.POSITIVE_INFINITY,
        onLine(line) {
          const [time = '', ...rest] = line.split(',')
          const found = parseNvidiaProcesses(rest.join(','))
          programs = { found: time === stamp ? [...programs.found, ...found] : found, atMs: clock.ticksMs() }
          stamp = time
        },
      }),
    ]
  }

  const waitForNextLook = () => {
    clearTimeout(ending)
    ending = setTimeout(stop, lingerMs)
    ending.unref()
  }

  return {
    async read() {
      const nowMs = clock.ticksMs()
      const again = nowMs - lookedAtMs < SECOND_LOOK_MS
      lookedAtMs = nowMs
      if (again) void start()
      waitForNextLook()
      // The stream does not tell the instances of a card that is cut.
      if (!latest || !isFresh(latest.atMs) || latest.reading.cards.every(({ mig }) => mig === true)) {
        // A driver that takes its time must not cost the stream its reader.
        const asked = await ask()
        waitForNextLook()
        return asked
      }
      return { ...latest.reading, processes: isFresh(programs.atMs) ? programs.found : [] }
    },
    dispose() {
      disposed = true
      stop()
    },
  }
}
