/** From the raw rows of several views of one picture to objects. Pure. */
import { type Box, type DetectedObject, MAYBE_SCORE } from './facts.ts'
import { LABELS } from './labels.ts'

/** Where the picture lies inside the square that the detector sees, in pixels of the square. */
export interface ViewFrame {
  left: number
  top: number
  width: number
  height: number
  /** The picture in this view is mirrored left to right. */
  mirrored: boolean
}

/** Rows of the detector for one view: left, top, right, bottom in pixels of the square, score, class. */
export interface ViewRows {
  frame: ViewFrame
  rows: readonly (readonly number[])[]
}

interface Sighting {
  view: number
  label: string
  score: number
  box: Box
}

/** Weaker rows say nothing, and a hundred of them come with every view. */
const SIGHTING_SCORE = 0.2
const SAME_OBJECT_OVERLAP = 0.45
const SAME_PLACE_OVERLAP = 0.6
const SMALLEST_AREA = 0.0008

const clamp = (value: number) => Math.min(1, Math.max(0, value))
const areaOf = (box: Box) => Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top)

/** Intersection over union, 0..1. */
export function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  return shared / (areaOf(a) + areaOf(b) - shared)
}

/** Part of the smaller box that lies in the other, 0..1. */
function containmentOf(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (width <= 0 || height <= 0) return 0
  return (width * height) / Math.max(1e-9, Math.min(areaOf(a), areaOf(b)))
}

function toPictureBox(row: readonly number[], frame: ViewFrame): Box {
  const left = clamp((row[0]! - frame.left) / frame.width)
  const right = clamp((row[2]! - frame.left) / frame.width)
  const top = clamp((row[1]! - frame.top) / frame.height)
  const bottom = clamp((row[3]! - frame.top) / frame.height)
  return frame.mirrored ? { left: 1 - right, top, right: 1 - left, bottom } : { left, top, right, bottom }
}

/**
 * Objects that the views agree on. The score is the mean of the best score of each view (0 where a view does not see it), so a
 * one-view fancy falls below the bar; where two labels claim the same place the better one stays.
 * @returns Objects with a score of at least MAYBE_SCORE, best first.
 */
export function mergeViews(views: readonly ViewRows[]): DetectedObject[] {
  const sightings: Sighting[] = views.flatMap(({ frame, rows }, view) =>
    rows
      .filter((row) => row[4]! >= SIGHTING_SCORE && LABELS[row[5]!] !== undefined)
      .map((row) => ({ view, label: LABELS[row[5]!]!, score: row[4]!, box: toPictureBox(row, frame) })),
  )
  sightings.sort((a, b) => b.score - a.score)

  const merged: DetectedObject[] = []
  const used = new Set<Sighting>()
  for (const seed of sightings) {
    if (used.has(seed)) continue
    const best = new Map<number, number>()
    for (const other of sightings) {
      if (used.has(other) || other.label !== seed.label || overlapOf(seed.box, other.box) < SAME_OBJECT_OVERLAP) continue
      used.add(other)
      if (!best.has(other.view)) best.set(other.view, other.score)
    }
    const score = [...best.values()].reduce((sum, each) => sum + each, 0) / views.length
    if (score >= MAYBE_SCORE && areaOf(seed.box) >= SMALLEST_AREA) merged.push({ label: seed.label, score, box: seed.box })
  }
  return suppress(merged)
}

function suppress(objects: readonly DetectedObject[]): DetectedObject[] {
  const kept: DetectedObject[] = []
  for (const candidate of objects.toSorted((a, b) => b.score - a.score)) {
    const rival = kept.some((other) =>
      // The same thing seen as a whole and as a part counts once; different things may well lie inside one another.
      other.label === candidate.label ? containmentOf(other.box, candidate.box) > 0.8 : overlapOf(other.box, candidate.box) > SAME_PLACE_OVERLAP,
    )
    if (!rival) kept.push(candidate)
  }
  return kept
}
