/** One row a photo, as a competition officer's spreadsheet takes it. */
import path from 'node:path'
import { monoReasons } from '../../src-renderer/copy/mono.ts'
import { problemLine } from '../../src-renderer/copy/errors.ts'
import type { MonoOutcome } from '../contract/mono.ts'

export const MONO_COLUMNS = [
  'filename',
  'verdict',
  'mode',
  'reason',
  'tone',
  'hue_deg',
  'hue_spread_deg',
  'chroma_median',
  'chroma_p99',
  'chroma_max',
  'residual_rms',
  'pct_over_4',
  'pct_over_12',
  'regions',
  'image_path',
] as const

const figure = (value: number | null) => (value === null ? '' : value.toFixed(2))

export function monoColumns({ path: file, check, problem }: MonoOutcome): string[] {
  const name = path.basename(file)
  if (!check) return [name, 'not judged', '', problem ? problemLine(problem) : '', ...Array.from({ length: MONO_COLUMNS.length - 5 }, () => ''), file]
  const { measures, regions } = check
  return [
    ...[name, check.verdict, check.mode, monoReasons(check).join(' '), check.tone],
    ...[measures.hue, measures.hueSpread, measures.chromaMedian, measures.chromaP99, measures.chromaMax, measures.residualRms].map(figure),
    ...[figure(measures.strays.over4 * 100), figure(measures.strays.over12 * 100)],
    regions.map(({ colour, place, box }) => `${colour} ${place} ${box.join('x')}`).join('; '),
    file,
  ]
}

/** RFC 4180; a cell that a spreadsheet would take for a formula gets an apostrophe. */
export function csvLine(cells: readonly string[]): string {
  return cells
    .map((cell) => {
      const safe = /^[=+@\t\r]|^-(?!\d)/.test(cell) ? `'${cell}` : cell
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
    })
    .join(',')
}
