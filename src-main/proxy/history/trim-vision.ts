/**
 * Cuts a conversation with pictures to what its model takes. System messages stay in place; the newest turns stay, as many as fit; pictures
 * are kept newest first, and what is kept stands in its old order. The last turn goes on whole. A text about a picture that would be lost
 * keeps that picture. Pure.
 */
import type { Message } from '../body/look-at-messages.ts'
import { keepPictures, type Part, picturesOf, putFirst } from './message-pictures.ts'
import { splitTurns } from './turns.ts'

export interface VisionLimits {
  /** Kept whatever they take; the last one always is. */
  keepLastTurns: number
  /** For the whole conversation; Infinity where nothing is known. */
  maxTokens: number
  maxPictures: number
}

export interface Costs {
  /** Tokens of a message without its pictures. */
  textOf(message: Message): number
  pictureOf(part: Part): number
}

export interface VisionTrim {
  messages: readonly Message[]
  /** Messages that are gone, and pictures that are gone with them or out of kept ones. */
  droppedMessages: number
  droppedPictures: number
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

export function trimVision(messages: readonly Message[], limits: VisionLimits, costs: Costs): VisionTrim {
  const whole: VisionTrim = { messages, droppedMessages: 0, droppedPictures: 0 }
  const all = messages.flatMap(picturesOf)
  if (all.length === 0) return whole
  const { instructions, turns } = splitTurns(messages)
  const textIn = (positions: readonly number[]) => sum(positions.map((i) => costs.textOf(messages[i]!)))
  const picturesIn = (positions: readonly number[]) => positions.flatMap((i) => picturesOf(messages[i]!))
  const total = sum(messages.map((message) => costs.textOf(message))) + sum(all.map((part) => costs.pictureOf(part)))
  if (total <= limits.maxTokens && all.length <= limits.maxPictures) return whole
  if (turns.length === 0) return whole

  const last = turns.length - 1
  const kept = new Set<Part>()
  let tokens = textIn(instructions)
  const keep = (part: Part) => {
    kept.add(part)
    tokens += costs.pictureOf(part)
  }
  for (const part of picturesIn(instructions)) keep(part)
  tokens += textIn(turns[last]!)
  for (const part of picturesIn(turns[last]!)) keep(part)

  /** Once one picture does not fit, no older one is taken in its place. */
  let isFull = false
  const keepNewest = (parts: readonly Part[], mayExceedTokens: boolean) => {
    for (const part of parts.toReversed()) {
      if (kept.has(part) || isFull) continue
      isFull = kept.size >= limits.maxPictures || (!mayExceedTokens && tokens + costs.pictureOf(part) > limits.maxTokens)
      if (!isFull) keep(part)
    }
  }
  /** The turn whose pictures a turn without any speaks about. */
  const talkedAbout = (turn: number) => {
    if (picturesIn(turns[turn]!).length > 0) return -1
    return turns.findLastIndex((positions, i) => i < turn && picturesIn(positions).length > 0)
  }
  const subject = talkedAbout(last)
  if (subject >= 0) keepNewest(picturesIn(turns[subject]!), true)

  let first = last
  while (first > 0) {
    const next = turns[first - 1]!
    const mustStay = last - (first - 1) < limits.keepLastTurns
    const cost = textIn(next)
    if (!mustStay && tokens + cost > limits.maxTokens) break
    first -= 1
    tokens += cost
    keepNewest(picturesIn(next), false)
  }
  const lost = talkedAbout(first)
  const carried: Part[] = []
  if (lost >= 0) {
    const parts = picturesIn(turns[lost]!)
    keepNewest(parts, false)
    carried.push(...parts.filter((part) => kept.has(part)))
  }
  return assemble(messages, { kept, carried, keptTurns: turns.slice(first), dropped: new Set(turns.slice(0, first).flat()) })
}

interface Outcome {
  kept: ReadonlySet<Part>
  carried: readonly Part[]
  keptTurns: readonly number[][]
  dropped: ReadonlySet<number>
}

function assemble(messages: readonly Message[], { kept, carried, keptTurns, dropped }: Outcome): VisionTrim {
  const carrier = keptTurns[0]?.find((i) => messages[i]!['role'] === 'user')
  const left = messages.flatMap((message, i) => {
    if (dropped.has(i)) return []
    const shown = keepPictures(message, kept)
    return [i === carrier && carried.length > 0 ? putFirst(shown, carried) : shown]
  })
  const before = messages.flatMap(picturesOf).length
  const after = left.flatMap(picturesOf).length
  return { messages: left, droppedMessages: dropped.size, droppedPictures: before - after }
}
