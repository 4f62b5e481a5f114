import { nearestNames } from '../lib/nearest.ts'
import { StudioError } from '../lib/studio-error.ts'
import { rolesOf, type RegistryEntry } from './entry.ts'
import type { Registry } from './layers.ts'

/** Roles that the studio itself knows what to do with; all of them look at pictures. An entry may offer others. */
export const VISION_ROLES = ['caption', 'keywords', 'description', 'narration', 'vision_general', 'object_detection'] as const

function knownRoles(registry: Pick<Registry, 'entries'>): string[] {
  return [...new Set([...VISION_ROLES, ...registry.entries.flatMap(rolesOf)])].sort()
}

/** @throws StudioError `role-unknown` with data {role, known, nearest}. */
export function requireRole(registry: Pick<Registry, 'entries'>, role: string): string {
  const known = knownRoles(registry)
  if (known.includes(role)) return role
  const nearest = nearestNames(role.slice(0, 200), known)
  throw new StudioError('role-unknown', `no role is called "${role}"; known roles: ${known.join(', ')}`, { data: { role, known, nearest } })
}

export interface RoleRow {
  role: string
  model: string
  backend: RegistryEntry['backend']
  priority: number
}

/** One row for each role of each model that is not deprecated, by role, then name. */
export function listRoles(registry: Pick<Registry, 'entries'>): RoleRow[] {
  return registry.entries
    .filter((entry) => !entry.deprecated)
    .flatMap((entry) => rolesOf(entry).map((role) => ({ role, model: entry.name, backend: entry.backend, priority: entry.role_priority[role] ?? 0 })))
    .sort((a, b) => compareText(a.role, b.role) || compareText(a.model, b.model))
}

/** By code point: the same order on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
