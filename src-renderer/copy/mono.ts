/** Sentences of the mono checker: what was found, why, and where. */
import type { MonoCheck, MonoMode, MonoRegion, MonoRule, MonoVerdict } from '../../src-main/contract/mono.ts'

export const MONO_VERDICT_WORDS: Record<MonoVerdict, string> = { pass: 'Pass', pass_with_query: 'Query', fail: 'Fail' }

export const MONO_MODE_WORDS: Record<MonoMode, string> = {
  neutral: 'neutral',
  toned: 'one tone',
  split_toned: 'more than one tone',
  spot_colour: 'a spot of colour',
  partially_toned: 'toned in part',
  colour: 'colour',
}

const percent = (share: number) => `${share >= 0.1 ? Math.round(share * 100) : (share * 100).toFixed(1)} %`

const REASONS: Record<MonoRule, (value: number, threshold: number) => string> = {
  'colour-everywhere': (value, limit) => `${percent(value)} of the picture has a colour that its tone does not explain (limit ${percent(limit)}).`,
  'colour-strong': (value, limit) => `${percent(value)} of the picture is clearly another colour than its tone (limit ${percent(limit)}).`,
  'colour-spot': (value, limit) => `Strong colour of its own on ${percent(value)} of the picture (limit ${percent(limit)}).`,
  'second-tone': (value, limit) => `${percent(value)} of the picture has a second tone (limit ${percent(limit)}).`,
  'hue-spread': (value, limit) => `The hue changes with the lightness by ${Math.round(value)} degrees (limit ${Math.round(limit)}).`,
  'uneven-tone': (value, limit) => `The tone is uneven on ${percent(value)} of the picture (limit ${percent(limit)}).`,
  'small-colour': (value, limit) => `A little colour of its own on ${percent(value)} of the picture (limit ${percent(limit)}).`,
  'second-tone-faint': (value, limit) => `A faint second tone on ${percent(value)} of the picture (limit ${percent(limit)}).`,
  'tone-in-part': (value, limit) => `Colour beside neutral middle tones, which cover ${percent(value)} of the picture (limit ${percent(limit)}).`,
  'tone-leap': (value, limit) => `The tone leaps between two lightnesses by ${value.toFixed(0)} units (limit ${limit.toFixed(0)}).`,
}

function summary({ mode, tone, measures }: MonoCheck): string {
  if (mode === 'neutral') return 'Neutral greys throughout.'
  if (mode === 'toned') return `One ${tone} tone over the whole picture, hue ${Math.round(measures.hue ?? 0)} degrees.`
  return `Not one tone over the whole picture: ${MONO_MODE_WORDS[mode]}.`
}

/** What was found, then each rule that decided: beside a fail, what would only have been a query says nothing new. */
export function monoReasons(check: MonoCheck): string[] {
  const level = check.verdict === 'fail' ? 'fail' : 'query'
  const deciding = check.fired.filter((fired) => fired.level === level)
  return [summary(check), ...deciding.map(({ rule, value, threshold }) => REASONS[rule](value, threshold))]
}

/** `Strong red, top-left, 0.8 % of the picture`. */
export function monoRegionLine({ colour, strength, place, share }: MonoRegion): string {
  const words = strength === null ? colour : `${strength} ${colour}`
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}, ${place}, ${percent(share)} of the picture`
}

/** What of the file's own was decided before judging it. */
export function monoSourceNotes({ source }: MonoCheck): string[] {
  return [
    ...(source.from === 'preview' ? ["Judged from the camera's preview inside the RAW file."] : []),
    ...(source.profile === 'assumed' ? ['The file names no colour space; sRGB was assumed.'] : []),
    ...(source.profile === 'converted' ? ['Its colour space was converted to sRGB.'] : []),
    ...(source.hadAlpha ? ['Transparent places were laid on mid grey.'] : []),
  ]
}
