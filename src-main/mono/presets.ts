/** How strict the checker is. Every threshold of a stricter preset is at most that of a more lenient one, so verdicts never get milder. Pure. */
import type { MonoStrictness } from '../contract/mono.ts'

export type Strictness = MonoStrictness

/** Shares of all pixels, 0 to 1; chroma in CIELAB units; hues in degrees. A rule fires at its threshold or above. */
export interface Thresholds {
  /** 99th percentile of chroma up to which a picture is neutral. */
  neutralChroma: number
  /** Pixels more than 4, 6 and 12 from the tone of their lightness: a colour picture, and a spot of colour. */
  failOver4: number
  failOver6: number
  failOver12: number
  /** Pixels of a second tone: share, its least chroma, its distance from the main hue. */
  failStray: { share: number; minChroma: number; minDegrees: number }
  /** Spread of the hue along the lightness, of a tone of at least this chroma. */
  failSpread: { degrees: number; minChroma: number }
  /** The same for a look by a person. */
  queryOver2: number
  queryOver4: number
  querySpread: { degrees: number; minChroma: number }
  queryStray: { share: number; minChroma: number; minDegrees: number }
  /** Neutral middle tones beside coloured pixels: the tone does not cover the picture. */
  queryNeutralMiddle: number
  queryColoured: number
  queryLeap: number
}

export const PRESETS: Readonly<Record<Strictness, Thresholds>> = {
  strict: {
    neutralChroma: 1.5,
    failOver4: 0.08,
    failOver6: 0.05,
    failOver12: 0.0075,
    failStray: { share: 0.01, minChroma: 4, minDegrees: 35 },
    failSpread: { degrees: 22, minChroma: 4 },
    queryOver2: 0.15,
    queryOver4: 0.0025,
    queryStray: { share: 0.01, minChroma: 2, minDegrees: 25 },
    querySpread: { degrees: 14, minChroma: 2 },
    queryNeutralMiddle: 0.05,
    queryColoured: 0.002,
    queryLeap: 7,
  },
  balanced: {
    neutralChroma: 2,
    failOver4: 0.15,
    failOver6: 0.1,
    failOver12: 0.015,
    failStray: { share: 0.02, minChroma: 5, minDegrees: 40 },
    failSpread: { degrees: 28, minChroma: 5 },
    queryOver2: 0.25,
    queryOver4: 0.004,
    queryStray: { share: 0.02, minChroma: 2.5, minDegrees: 32 },
    querySpread: { degrees: 18, minChroma: 2.5 },
    queryNeutralMiddle: 0.1,
    queryColoured: 0.003,
    queryLeap: 10,
  },
  lenient: {
    neutralChroma: 2.5,
    failOver4: 0.25,
    failOver6: 0.2,
    failOver12: 0.03,
    failStray: { share: 0.04, minChroma: 7, minDegrees: 50 },
    failSpread: { degrees: 36, minChroma: 7 },
    queryOver2: 0.35,
    queryOver4: 0.004,
    queryStray: { share: 0.04, minChroma: 3.5, minDegrees: 40 },
    querySpread: { degrees: 24, minChroma: 3.5 },
    queryNeutralMiddle: 0.15,
    queryColoured: 0.004,
    queryLeap: 11,
  },
}
