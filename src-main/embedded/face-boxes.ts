/** Anchors and decoding of the short-range face detector (256 px square, 896 anchors). Pure. */
import { overlapOf } from './detections.ts'
import { type Box, FACE_SCORE } from './facts.ts'

export const FACE_INPUT_PX = 256
const LAYERS = [
  { stridePx: 16, perCell: 2 },
  { stridePx: 32, perCell: 6 },
] as const
const SAME_FACE_OVERLAP = 0.3

/** Centres of the anchors in pixels of the square, x then y, in the order of the detector's rows. */
export const FACE_ANCHORS: readonly (readonly [number, number])[] = LAYERS.flatMap(({ stridePx, perCell }) => {
  const cells = FACE_INPUT_PX / stridePx
  return Array.from({ length: cells * cells * perCell }, (_, index) => {
    const cell = Math.floor(index / perCell)
    return [(cell % cells) * stridePx + stridePx / 2, Math.floor(cell / cells) * stridePx + stridePx / 2] as const
  })
})

/**
 * @param rows 896 rows: logit, centre x and y off the anchor, width, height (pixels of the square), landmarks (ignored).
 * @returns Scores of the faces at or above FACE_SCORE, best first, each face once.
 */
export function decodeFaces(rows: readonly ArrayLike<number>[]): number[] {
  const found: { score: number; box: Box }[] = []
  rows.forEach((row, index) => {
    const score = 1 / (1 + Math.exp(-row[0]!))
    const anchor = FACE_ANCHORS[index]
    if (score < FACE_SCORE || !anchor) return
    const x = row[1]! + anchor[0]
    const y = row[2]! + anchor[1]
    found.push({ score, box: { left: x - row[3]! / 2, top: y - row[4]! / 2, right: x + row[3]! / 2, bottom: y + row[4]! / 2 } })
  })
  const kept: typeof found = []
  for (const face of found.toSorted((a, b) => b.score - a.score)) {
    if (!kept.some((other) => overlapOf(other.box, face.box) > SAME_FACE_OVERLAP)) kept.push(face)
  }
  return kept.map((face) => face.score)
}
