import type { Profile } from '../../registry/profiles.ts'
import type { Limits } from './ports.ts'

/** 1 GiB: what loaders keep free of a card by custom. */
const RESERVE_MB = 1024
const QUEUE_LIMIT = 512

/** The profile's fields as the scheduler's limits. `load_unload` means one model at a time, whatever the number says. */
export function limitsFrom(profile: Profile, settings: { queueLimit?: number; reserveMb?: number } = {}): Limits {
  const oneAtATime = profile.strategy === 'load_unload'
  return {
    profile: profile.name,
    budgetMb: profile.max_vram_mb,
    maxModels: oneAtATime ? 1 : profile.max_concurrent_models,
    reserveMb: settings.reserveMb ?? RESERVE_MB,
    gpuCount: profile.gpu_count ?? null,
    splitAboveMb: profile.strategy === 'tensor_parallel_or_distributed' ? (profile.tensor_parallel_threshold_mb ?? null) : null,
    graceMs: profile.grace_period_seconds * 1000,
    startTimeoutMs: profile.autostart_timeout_seconds * 1000,
    preload: profile.preload_group,
    queueLimit: settings.queueLimit ?? QUEUE_LIMIT,
  }
}
