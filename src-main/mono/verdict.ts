/** From figures to a verdict, with every rule that fired. Pure. */
import type { MonoMode, MonoRule, MonoVerdict } from '../contract/mono.ts'
import type { Measures } from './measures.ts'
import { PRESETS, type Strictness } from './presets.ts'
import { strayShareOf, type ToneCurve } from './tone-curve.ts'

/** A rule that fired: what was measured reached its threshold. Shares 0 to 1; degrees for the hue's spread; CIELAB units for the leap. */
export interface Fired {
  rule: MonoRule
  level: 'fail' | 'query'
  value: number
  threshold: number
}

export interface Judgement {
  verdict: MonoVerdict
  mode: MonoMode
  /** Failures first. */
  fired: Fired[]
}

/** Pixels of middle lightness without colour that make the rest a part: below, there is nothing that the tone leaves out. */
const NEUTRAL_PART = 0.1
/** Up to this much colour in a neutral picture is a spot, beyond it a part. */
const SPOT_SHARE = 0.15

export function judge(measures: Measures, curve: ToneCurve, strictness: Strictness): Judgement {
  const limits = PRESETS[strictness]
  const { strays } = measures
  const fired: Fired[] = []
  const check = (rule: MonoRule, level: Fired['level'], value: number, threshold: number) => {
    if (value >= threshold) fired.push({ rule, level, value, threshold })
  }
  check('colour-everywhere', 'fail', strays.over4, limits.failOver4)
  check('colour-strong', 'fail', strays.over6, limits.failOver6)
  check('colour-spot', 'fail', strays.over12, limits.failOver12)
  check('second-tone', 'fail', strayShareOf(curve, limits.failStray), limits.failStray.share)
  if (measures.toneChroma >= limits.failSpread.minChroma) check('hue-spread', 'fail', measures.hueSpread, limits.failSpread.degrees)
  check('uneven-tone', 'query', strays.over2, limits.queryOver2)
  check('small-colour', 'query', strays.over4, limits.queryOver4)
  check('second-tone-faint', 'query', strayShareOf(curve, limits.queryStray), limits.queryStray.share)
  if (measures.toneChroma >= limits.querySpread.minChroma) check('hue-spread', 'query', measures.hueSpread, limits.querySpread.degrees)
  if (measures.coloured >= limits.queryColoured) check('tone-in-part', 'query', measures.neutralMiddle, limits.queryNeutralMiddle)
  check('tone-leap', 'query', measures.leap, limits.queryLeap)
  const verdict = fired.some(({ level }) => level === 'fail') ? 'fail' : fired.length > 0 ? 'pass_with_query' : 'pass'
  return { verdict, mode: modeOf(measures, fired, verdict, limits.neutralChroma), fired }
}

function modeOf(measures: Measures, fired: readonly Fired[], verdict: MonoVerdict, neutralChroma: number): MonoMode {
  const has = (...rules: MonoRule[]) => fired.some(({ rule }) => rules.includes(rule))
  const { neutralMiddle, coloured, strays, chromaP99 } = measures
  if (has('tone-in-part', 'colour-spot', 'small-colour') && neutralMiddle >= NEUTRAL_PART && coloured > 0) {
    return coloured <= SPOT_SHARE ? 'spot_colour' : 'partially_toned'
  }
  if (has('colour-everywhere', 'colour-strong') || (has('colour-spot') && strays.over12 > SPOT_SHARE)) return 'colour'
  if (has('second-tone', 'second-tone-faint', 'hue-spread')) return 'split_toned'
  if (has('colour-spot') || has('small-colour')) return 'spot_colour'
  if (verdict === 'pass' && chromaP99 <= neutralChroma) return 'neutral'
  return chromaP99 <= neutralChroma ? 'neutral' : 'toned'
}
