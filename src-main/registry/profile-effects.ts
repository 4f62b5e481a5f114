/** What a deployment profile does, in sentences. */
import type { Profile } from './profiles.ts'

const seconds = (count: number) => (count % 60 === 0 && count > 0 ? plural(count / 60, 'minute') : plural(count, 'second'))
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

const BIAS_EFFECTS: Record<Profile['model_selection_bias'], string> = {
  vram_efficient: 'A model nearly as good that needs at most half the memory goes first.',
  balanced: 'Among equals the smaller model goes first.',
  quality: 'Among equals the model that won more comparisons goes first, then the one of higher precision.',
}

function strategyEffect(profile: Profile): string {
  const many = plural(profile.max_concurrent_models, 'model')
  switch (profile.strategy) {
    case 'load_unload':
      return profile.max_concurrent_models === 1
        ? 'One model is loaded at a time; it is unloaded before the next one starts.'
        : `At most ${many} are loaded at a time; the one unused for longest is unloaded before the next one starts.`
    case 'concurrent_limited':
      return `At most ${many} stay loaded side by side as long as they fit.`
    case 'concurrent_full':
      return `Up to ${many} stay loaded side by side; none is unloaded while the memory lasts.`
    case 'tensor_parallel_or_distributed':
      return `At most ${many} are loaded, spread over the cards.`
  }
}

/** What choosing the profile changes, in sentences: one for each field that is set. */
export function profileEffects(profile: Profile): string[] {
  const { max_vram_mb: maxMb, preferred_quantizations: quantizations, preload_group: preload, gpu_count: cards } = profile
  const thresholdMb = profile.tensor_parallel_threshold_mb
  return [
    maxMb === 0
      ? 'No model that needs graphics memory is chosen by itself.'
      : `A model that needs more than ${maxMb} MB of graphics memory is never chosen by itself.`,
    ...(quantizations.length > 0 ? [`Between models of the same priority, the quantisation decides: ${quantizations.join(', then ')}.`] : []),
    BIAS_EFFECTS[profile.model_selection_bias],
    strategyEffect(profile),
    `A model has ${seconds(profile.autostart_timeout_seconds)} to start before it counts as failed.`,
    profile.grace_period_seconds === 0
      ? 'A model is unloaded as soon as nothing asks for it.'
      : `A model is unloaded ${seconds(profile.grace_period_seconds)} after its last request.`,
    ...(preload.length > 0 ? [`Loaded when the studio starts, as far as they are installed and fit: ${preload.join(', ')}.`] : []),
    ...(cards === undefined ? [] : [`Models are placed on at most ${plural(cards, 'card')}.`]),
    ...(thresholdMb === undefined ? [] : [`A model that needs more than ${thresholdMb} MB is spread over the cards.`]),
  ]
}
