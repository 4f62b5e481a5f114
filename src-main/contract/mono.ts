/** What the mono checker says of a photo. Shares 0 to 1, hues in degrees of CIELAB, chroma in its units, boxes in upright pixels. */
import { z } from 'zod'
import { photoId, problem } from './model.ts'

export const MONO_VERDICTS = ['pass', 'pass_with_query', 'fail'] as const
export const MONO_MODES = ['neutral', 'toned', 'split_toned', 'spot_colour', 'partially_toned', 'colour'] as const
export const MONO_STRICTNESSES = ['strict', 'balanced', 'lenient'] as const
export const MONO_RULES = [
  'colour-everywhere',
  'colour-strong',
  'colour-spot',
  'second-tone',
  'hue-spread',
  'uneven-tone',
  'small-colour',
  'second-tone-faint',
  'tone-in-part',
  'tone-leap',
] as const
export type MonoVerdict = (typeof MONO_VERDICTS)[number]
export type MonoMode = (typeof MONO_MODES)[number]
export type MonoStrictness = (typeof MONO_STRICTNESSES)[number]
export type MonoRule = (typeof MONO_RULES)[number]

const share = z.number().min(0).max(1)

export const monoFired = z.object({ rule: z.enum(MONO_RULES), level: z.enum(['fail', 'query']), value: z.number(), threshold: z.number() })
export const monoRegion = z.object({
  share,
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  centroid: z.object({ x: share, y: share }),
  place: z.string(),
  hue: z.number(),
  chroma: z.number(),
  colour: z.string(),
  strength: z.string().nullable(),
})
export type MonoRegion = z.infer<typeof monoRegion>

export const monoCheck = z.object({
  verdict: z.enum(MONO_VERDICTS),
  mode: z.enum(MONO_MODES),
  strictness: z.enum(MONO_STRICTNESSES),
  /** Word for the main tone; `neutral` where there is none. */
  tone: z.string(),
  fired: z.array(monoFired),
  measures: z.object({
    chromaMedian: z.number(),
    chromaP95: z.number(),
    chromaP99: z.number(),
    chromaMax: z.number(),
    hue: z.number().nullable(),
    toneChroma: z.number(),
    hueSpread: z.number(),
    residualRms: z.number(),
    residualP95: z.number(),
    strays: z.object({ over2: share, over4: share, over6: share, over12: share }),
    neutralMiddle: share,
    coloured: share,
    leap: z.number(),
  }),
  regions: z.array(monoRegion),
  source: z.object({
    width: z.int().positive(),
    height: z.int().positive(),
    from: z.enum(['photo', 'preview']),
    profile: z.enum(['srgb', 'converted', 'assumed']),
    hadAlpha: z.boolean(),
  }),
})
export type MonoCheck = z.infer<typeof monoCheck>

export const monoOutcome = z.object({ photoId, path: z.string(), check: monoCheck.nullable(), problem: problem.nullable() })
export type MonoOutcome = z.infer<typeof monoOutcome>
