/** From whatever a person or program calls a model to its entry. */
import { nearestNames } from '../lib/nearest.ts'
import { StudioError } from '../lib/studio-error.ts'
import { displayNameOf, huggingFaceIdOf, isMissing, type RegistryEntry } from './entry.ts'
import type { Registry } from './layers.ts'

/** Every spelling that is meant for people or programs: name, label, label with quantisation, aliases, Hugging Face id, served id. */
function labelsOf(entry: RegistryEntry): string[] {
  const display = displayNameOf(entry)
  const labels = [entry.name, display, ...entry.model_aliases, huggingFaceIdOf(entry), entry.served_model_id]
  if (entry.quantization !== null) labels.push(`${display} (${entry.quantization})`, `${display}-${entry.quantization}`)
  // Ollama answers to `llava` where it lists `llava:latest`.
  const latest = labels.filter((label) => label?.endsWith(':latest')).map((label) => label?.slice(0, -':latest'.length) ?? null)
  return [...new Set([...labels, ...latest].filter((label) => label !== null && label !== ''))] as string[]
}

function fold(label: string): string {
  return label
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** The entries that match in the strictest way that matches anything: exact name, then any label but for case, then letters and digits alone. */
function matches(entries: readonly RegistryEntry[], name: string): RegistryEntry[] {
  const exact = entries.filter((entry) => entry.name === name)
  if (exact.length > 0) return exact
  const wanted = name.toLowerCase()
  const byLabel = entries.filter((entry) => labelsOf(entry).some((label) => label.toLowerCase() === wanted))
  if (byLabel.length > 0) return byLabel
  const folded = fold(name)
  return folded === '' ? [] : entries.filter((entry) => labelsOf(entry).some((label) => fold(label) === folded))
}

/**
 * @throws StudioError `model-ambiguous` with data {name, candidates}, or `model-unknown` with data {name, nearest}.
 */
export function resolveModelName(registry: Pick<Registry, 'entries'>, name: string): RegistryEntry {
  const all = matches(registry.entries, name.trim())
  const current = all.filter((entry) => !entry.deprecated && !isMissing(entry))
  const found = current.length > 0 ? current : all
  if (found.length > 1) {
    const candidates = found.map((entry) => entry.name).sort()
    throw new StudioError('model-ambiguous', `"${name}" could be ${candidates.join(' or ')}`, { data: { name, candidates } })
  }
  if (found[0]) return found[0]
  const nearest = nearestModels(registry.entries, name)
  const hint = nearest.length > 0 ? `; nearest: ${nearest.join(', ')}` : ''
  throw new StudioError('model-unknown', `no model is called "${name}"${hint}`, { data: { name, nearest } })
}

function nearestModels(entries: readonly RegistryEntry[], name: string): string[] {
  const owners = new Map<string, string>()
  for (const entry of entries) for (const label of labelsOf(entry)) if (!owners.has(label)) owners.set(label, entry.name)
  const labels = nearestNames(name.slice(0, 200), [...owners.keys()], 9)
  return [...new Set(labels.map((label) => owners.get(label) ?? label))].slice(0, 3)
}
