/** One picture from its pixels to a verdict with regions. Pure and deterministic. */
import type { MonoRegion } from '../contract/mono.ts'
import { colourName } from './colour-names.ts'
import { reductionFor, type RgbPixels, toLab } from './lab.ts'
import { measure, type Measures } from './measures.ts'
import type { Strictness } from './presets.ts'
import { findRegions } from './regions.ts'
import { residualOf } from './residual.ts'
import { fitToneCurve, type ToneCurve } from './tone-curve.ts'
import { judge, type Judgement } from './verdict.ts'

/** Long edge in pixels of what is analysed: at this size a spot of 0.1 % still has a hundred pixels. */
export const ANALYSIS_EDGE = 640

export interface MonoAnalysis extends Judgement {
  strictness: Strictness
  measures: Measures
  /** Word for the main tone. */
  tone: string
  regions: MonoRegion[]
  curve: ToneCurve
}

/**
 * @param pixels Upright sRGB without alpha, at least 1 by 1.
 * @param options.original Size of the upright photo, for the boxes of regions; default: that of the pixels.
 */
export function analyseMono(
  pixels: RgbPixels,
  options: { strictness?: Strictness; original?: { width: number; height: number } } = {},
): MonoAnalysis {
  const { strictness = 'balanced', original = pixels } = options
  const image = toLab(pixels, reductionFor(pixels, ANALYSIS_EDGE))
  const curve = fitToneCurve(image)
  const residual = residualOf(image, curve)
  const measures = measure(image, curve, residual)
  const judgement = judge(measures, curve, strictness)
  return {
    ...judgement,
    strictness,
    measures,
    tone: colourName(measures.hue ?? 0, measures.hue === null ? 0 : measures.toneChroma),
    regions: findRegions(residual, judgement, original),
    curve,
  }
}
