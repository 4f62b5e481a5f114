/** Which model takes a role, and why each other one does not. One pure function for tagger, window, command line and HTTP. */
import type { Selection } from '../contract/model.ts'
import { backendOf, rolesOf, type RegistryEntry, seesPictures } from './entry.ts'
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

/** Why the entry cannot take the role, or the candidate it is. */
function consider(entry: RegistryEntry, request: SelectionRequest): Candidate | { refusal: string; offersRole: boolean } {
  const { profile, role } = request
  if (!rolesOf(entry).includes(role)) return { refusal: `does not offer the role ${role}`, offersRole: false }
  const refuse = (refusal: string) => ({ refusal, offersRole: true })
  if (entry.deprecated) return refuse('deprecated')
  if ((VISION_ROLES as readonly string[]).includes(role) && !seesPictures(entry)) return refuse('is not known to see pictures')

  const elsewhere = backendOf(entry) === 'remote'
  const needMb = elsewhere ? null : entry.vram_estimate_mb
  if (!elsewhere && needMb === null) return refuse('its need of memory is not known (vram_estimate_mb is not set)')
  if (needMb !== null && needMb > profile.max_vram_mb) return refuse(`needs ${needMb} of ${profile.max_vram_mb} MB`)

  const available = request.availability.get(entry.name) ?? { state: 'not-installed', reason: null }
  const usable = available.state === 'ready' || available.state === 'available' || available.state === 'loading'
  if (!usable && !request.assumeInstalled) {
    const headline = available.state === 'unreachable' ? 'unreachable' : 'not installed'
    return refuse(available.reason === null ? headline : `${headline}: ${available.reason}`)
  }

  const priority = entry.role_priority[role] ?? 0
  const quantRank = quantRankOf(entry.quantization, profile.preferred_quantizations)
  const reasons = [`priority ${priority} for ${role}`]
  reasons.push(
    needMb === null ? 'runs on its own server' : needMb === 0 ? 'needs no graphics memory' : `needs ${needMb} of ${profile.max_vram_mb} MB`,
  )
  if (quantRank < profile.preferred_quantizations.length) {
    reasons.push(`quantisation ${entry.quantization} is number ${quantRank + 1} of the profile's ${profile.preferred_quantizations.length}`)
  }
  reasons.push(usable ? available.state : 'assumed installed')
  return { entry, priority, quantRank, needMb, reasons }
}

function order(bias: Profile['model_selection_bias']) {
  const size = (candidate: Candidate) => candidate.needMb ?? 0
  return (a: Candidate, b: Candidate): number =>
    b.priority - a.priority ||
    a.quantRank - b.quantRank ||
    (bias === 'quality' ? precisionBits(b.entry.quantization) - precisionBits(a.entry.quantization) : size(a) - size(b)) ||
    compareText(a.entry.name, b.entry.name)
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
      vram_estimate_mb: entry.vram_estimate_mb,
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
  const planned = selectByRole({ ...request, assumeInstalled: true }).models.map(({ name }) => {
    const reason = request.availability.get(name)?.reason
    return `Make ${name} available${reason ? `: ${reason}` : '.'}`
  })
  const larger = request.registry.entries.flatMap((entry) => {
    const needMb = entry.vram_estimate_mb
    if (needMb === null || needMb <= request.profile.max_vram_mb || !rolesOf(entry).includes(request.role)) return []
    const fitting = profiles.filter((profile) => profile.max_vram_mb >= needMb).sort((a, b) => a.max_vram_mb - b.max_vram_mb)[0]
    return fitting ? [`Choose the profile ${fitting.name}, if the memory is really there: ${entry.name} needs ${needMb} MB.`] : []
  })
  return [...planned.slice(0, 2), ...larger.slice(0, 1), 'Run a vision model in Ollama, or add the address of any OpenAI-compatible server.']
}
