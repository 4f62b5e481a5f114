/** Which model takes a role, and why each other one does not. One pure function for tagger, window, command line and HTTP. */
import type { Selection } from '../contract/model.ts'
import { backendOf, duelRankOf, rolesOf, type RegistryEntry, seesPictures } from './entry.ts'
import type { Registry } from './layers.ts'
import type { Profile } from './profiles.ts'
import { compareText, requireRole, VISION_ROLES } from './roles.ts'
import type { Availability } from './serving.ts'

export interface SelectionRequest {
  registry: Pick<Registry, 'entries'>
  profile: Profile
  role: string
  /** Entry name → whether it can answer; an entry that is missing counts as not installed. */
  availability: ReadonlyMap<string, Availability>
  /** Plans as if every model's weights were here and its server could be started. */
  assumeInstalled: boolean
  /** Entry name → graphics memory in MB by measurement or estimate; an entry that is missing is judged by its `vram_estimate_mb`. */
  needMbOf?: ReadonlyMap<string, number> | undefined
  /** At most this many models; the rejected are always all. */
  topN?: number
}

/** Priority points within which a model of half the memory is preferred by a profile that saves memory. */
const NEARLY_AS_GOOD_POINTS = 5

interface Candidate {
  entry: RegistryEntry
  priority: number
  /** Position in the profile's list; its length when not listed. */
  quantRank: number
  /** Graphics memory of this machine in MB; null when the model runs elsewhere. */
  needMb: number | null
  /** 1 for the best, infinity when never compared. */
  duelRank: number
  reasons: string[]
}

const fold = (text: string) => `_${text.toLowerCase().replace(/[^a-z0-9]+/g, '_')}_`

function quantRankOf(quantization: string | null, preferred: readonly string[]): number {
  const rank = quantization === null ? -1 : preferred.findIndex((wanted) => fold(quantization).includes(fold(wanted)))
  return rank < 0 ? preferred.length : rank
}

/** Bits a weight, as far as the label tells; 0 when it does not. */
function precisionBits(quantization: string | null): number {
  const label = fold(quantization ?? '')
  if (/_(fp32|f32)_/.test(label)) return 32
  if (/_(fp16|f16|bf16)_/.test(label)) return 16
  if (/_(awq|gptq|nf4|mxfp4|fp4|w4a16)_/.test(label)) return 4
  const digits = /_(?:q|iq|int|fp|mxfp)(\d)/.exec(label)?.[1]
  return digits === undefined ? 0 : Number(digits)
}

const isUsable = ({ state }: Availability) => state === 'ready' || state === 'available' || state === 'loading'

/** Graphics memory of this machine in MB; null when the model runs elsewhere, undefined when nobody knows. */
function needOf(entry: RegistryEntry, request: Pick<SelectionRequest, 'needMbOf'>): number | null | undefined {
  if (backendOf(entry) === 'remote') return null
  return request.needMbOf?.get(entry.name) ?? entry.vram_estimate_mb ?? undefined
}

function availabilityRefusal(available: Availability): string {
  const headline = available.state === 'unreachable' ? 'unreachable' : 'not installed'
  return available.reason === null ? headline : `${headline}: ${available.reason}`
}

/** Every hard condition that the entry fails, in the order in which they are judged. */
function refusalsOf(entry: RegistryEntry, request: SelectionRequest, available: Availability): string[] {
  const { profile, role } = request
  if (entry.deprecated) return ['deprecated']
  const refusals: string[] = []
  if (!isUsable(available) && !request.assumeInstalled) refusals.push(availabilityRefusal(available))
  if ((VISION_ROLES as readonly string[]).includes(role) && !seesPictures(entry)) refusals.push('is not known to see pictures')
  const needMb = needOf(entry, request)
  if (needMb === undefined) refusals.push('its need of memory is not known (vram_estimate_mb is not set)')
  else if (needMb !== null && needMb > profile.max_vram_mb) refusals.push(`needs ${needMb} of ${profile.max_vram_mb} MB`)
  return refusals
}

/** Why the entry cannot take the role, or the candidate it is. */
function consider(entry: RegistryEntry, request: SelectionRequest): Candidate | { refusal: string; offersRole: boolean } {
  const { profile, role } = request
  if (!rolesOf(entry).includes(role)) return { refusal: `does not offer the role ${role}`, offersRole: false }
  const available = request.availability.get(entry.name) ?? { state: 'not-installed', reason: null }
  const refusals = refusalsOf(entry, request, available)
  if (refusals.length > 0) return { refusal: refusals.join('; '), offersRole: true }

  const needMb = needOf(entry, request) ?? null
  const priority = entry.role_priority[role] ?? 0
  const quantRank = quantRankOf(entry.quantization, profile.preferred_quantizations)
  const duelRank = duelRankOf(entry, role) ?? Number.POSITIVE_INFINITY
  const reasons = [`priority ${priority} for ${role}`]
  reasons.push(
    needMb === null ? 'runs on its own server' : needMb === 0 ? 'needs no graphics memory' : `needs ${needMb} of ${profile.max_vram_mb} MB`,
  )
  if (quantRank < profile.preferred_quantizations.length) {
    reasons.push(`quantisation ${entry.quantization} is number ${quantRank + 1} of the profile's ${profile.preferred_quantizations.length}`)
  }
  if (profile.model_selection_bias === 'quality' && Number.isFinite(duelRank)) reasons.push(`number ${duelRank} in measured comparisons`)
  reasons.push(isUsable(available) ? available.state : 'assumed installed')
  return { entry, priority, quantRank, needMb, duelRank, reasons }
}

const ascending = (a: number, b: number) => (a < b ? -1 : a > b ? 1 : 0)

function byQuality(a: Candidate, b: Candidate): number {
  return ascending(a.duelRank, b.duelRank) || ascending(precisionBits(b.entry.quantization), precisionBits(a.entry.quantization))
}

const bySize = (a: Candidate, b: Candidate) => ascending(a.needMb ?? 0, b.needMb ?? 0)

function order(bias: Profile['model_selection_bias']) {
  const byBias = bias === 'quality' ? byQuality : bySize
  return (a: Candidate, b: Candidate): number =>
    b.priority - a.priority || a.quantRank - b.quantRank || byBias(a, b) || compareText(a.entry.name, b.entry.name)
}

/** Moves models that are nearly as good as the first, but need at most half its memory, before it. */
function preferHalfTheMemory(ranked: Candidate[]): Candidate[] {
  const best = ranked[0]
  const bestMb = best?.needMb ?? 0
  if (!best || bestMb === 0) return ranked
  const frugal = ranked.filter(
    (candidate) =>
      candidate !== best &&
      candidate.needMb !== null &&
      candidate.needMb * 2 <= bestMb &&
      best.priority - candidate.priority <= NEARLY_AS_GOOD_POINTS,
  )
  for (const candidate of frugal) candidate.reasons.push(`nearly as good as ${best.entry.name} at half its memory or less`)
  return [...frugal, ...ranked.filter((candidate) => !frugal.includes(candidate))]
}

/** @throws StudioError `role-unknown`. */
export function selectByRole(request: SelectionRequest): Selection {
  const { registry, profile, topN } = request
  const role = requireRole(registry, request.role)
  const candidates: Candidate[] = []
  const rejected: { name: string; reason: string; offersRole: boolean }[] = []
  for (const entry of registry.entries) {
    const verdict = consider(entry, request)
    if ('refusal' in verdict) rejected.push({ name: entry.name, reason: verdict.refusal, offersRole: verdict.offersRole })
    else candidates.push(verdict)
  }
  const bias = profile.model_selection_bias
  const sorted = candidates.sort(order(bias))
  const ranked = bias === 'vram_efficient' ? preferHalfTheMemory(sorted) : sorted
  return {
    role,
    profile: profile.name,
    models: ranked.slice(0, topN ?? ranked.length).map(({ entry, priority, reasons }) => ({
      name: entry.name,
      backend: backendOf(entry),
      quantization: entry.quantization,
      vram_estimate_mb: request.needMbOf?.get(entry.name) ?? entry.vram_estimate_mb,
      role_priority: priority,
      reasons,
    })),
    rejected: rejected
      .sort((a, b) => Number(b.offersRole) - Number(a.offersRole) || compareText(a.name, b.name))
      .map(({ name, reason }) => ({ name, reason })),
  }
}

/** What would make a model take the role: the nearest steps first. */
export function remediesFor(request: SelectionRequest, profiles: readonly Profile[]): string[] {
  const offering = request.registry.entries.filter((entry) => !entry.deprecated && rolesOf(entry).includes(request.role))
  const planned = selectByRole({ ...request, assumeInstalled: true }).models.map(({ name }) => {
    const reason = request.availability.get(name)?.reason
    return `Make ${name} available${reason ? `: ${reason}` : '.'}`
  })
  const tooLarge = offering
    .flatMap((entry) => {
      const needMb = needOf(entry, request)
      return needMb !== null && needMb !== undefined && needMb > request.profile.max_vram_mb ? [{ name: entry.name, needMb }] : []
    })
    .sort((a, b) => ascending(a.needMb, b.needMb) || compareText(a.name, b.name))
  const larger = tooLarge.flatMap(({ name, needMb }) => {
    const fitting = profiles.filter((profile) => profile.max_vram_mb >= needMb).sort((a, b) => a.max_vram_mb - b.max_vram_mb)[0]
    return fitting ? [`Choose the profile ${fitting.name}, if the memory is really there: ${name} needs ${needMb} MB.`] : []
  })
  const unproven = offering
    .filter((entry) => (VISION_ROLES as readonly string[]).includes(request.role) && !seesPictures(entry))
    .filter((entry) => isUsable(request.availability.get(entry.name) ?? { state: 'not-installed', reason: null }))
    .map(({ name }) => `Try whether ${name} sees pictures: imageworks models probe ${name}`)
  return [
    ...planned.slice(0, 2),
    ...unproven.slice(0, 1),
    ...larger.slice(0, 1),
    'Run a vision model in Ollama, or add the address of any OpenAI-compatible server.',
  ]
}
