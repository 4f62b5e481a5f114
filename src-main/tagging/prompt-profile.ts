/** Prompt profiles: loaded from JSON, checked whole at load, named by a hash of their content. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { STAGES, type Stage } from '../contract/model.ts'
import { nearestNames } from '../lib/nearest.ts'
import { StudioError } from '../lib/studio-error.ts'

const stagePrompt = z.strictObject({
  system: z.string().min(1).max(20_000),
  user: z.string().min(1).max(20_000),
  /** Budget of the reply in tokens. */
  max_tokens: z.int().min(16).max(8192),
  temperature: z.number().min(0).max(2),
})
const promptProfile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'a name is lower-case letters, digits, - and _'),
  version: z.int().positive(),
  stages: z.strictObject({ caption: stagePrompt, keywords: stagePrompt, description: stagePrompt }),
})
export type StagePrompt = z.infer<typeof stagePrompt>
export type PromptProfile = z.infer<typeof promptProfile>

export const TEMPLATE_VARIABLES = ['existing_title', 'existing_keywords', 'caption', 'keywords'] as const
export type TemplateVariable = (typeof TEMPLATE_VARIABLES)[number]

/** A stage sees what the photo had and what earlier stages said; nothing else can be asked for in its template. */
const VARIABLES_OF_STAGE: Record<Stage, readonly TemplateVariable[]> = {
  caption: ['existing_title', 'existing_keywords'],
  keywords: ['existing_title', 'existing_keywords', 'caption'],
  description: ['existing_title', 'existing_keywords', 'caption', 'keywords'],
}
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g

/**
 * @throws StudioError `request-invalid` naming the place: wrong shape, a variable the stage does not have, a variable in a system text (system
 * texts are fixed, so that backends can keep their prefix cached), or braces that close nowhere.
 */
export function parsePromptProfile(json: unknown): PromptProfile {
  const parsed = promptProfile.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${issue?.path.join('.') || 'profile'}: ${issue?.message ?? 'not a prompt profile'}`)
  }
  const profile = parsed.data
  for (const stage of STAGES) {
    const { system, user } = profile.stages[stage]
    if (/\{\{|\}\}/.test(system)) throw invalid(`${profile.name}.${stage}.system: a system text has no variables`)
    for (const [, name = ''] of user.matchAll(PLACEHOLDER)) {
      const known = VARIABLES_OF_STAGE[stage]
      if (known.some((variable) => variable === name)) continue
      const [nearest] = nearestNames(name, known, 1)
      throw invalid(`${profile.name}.${stage}.user: unknown variable {{${name}}}${nearest ? `, did you mean {{${nearest}}}?` : ''}`)
    }
    if (/\{\{|\}\}/.test(user.replace(PLACEHOLDER, ''))) throw invalid(`${profile.name}.${stage}.user: a variable is not closed`)
  }
  return profile
}

function invalid(what: string): StudioError {
  return new StudioError('request-invalid', `The prompt profile cannot be used: ${what}`, { data: { what } })
}

/** @throws StudioError `prompt-unknown` with the nearest names. */
export function getPromptProfile(profiles: readonly PromptProfile[], name: string): PromptProfile {
  const found = profiles.find((profile) => profile.name === name)
  if (found) return found
  const names = profiles.map((profile) => profile.name)
  throw new StudioError('prompt-unknown', `There is no prompt profile named ${name}.`, {
    data: { name, nearest: nearestNames(name, names), known: names },
  })
}

/**
 * Fills a user template. A line all of whose variables are empty is left out, so a template never shows an empty label.
 * Values must already be neutralised.
 */
export function fillTemplate(template: string, values: Partial<Record<TemplateVariable, string>>): string {
  const lines: string[] = []
  for (const line of template.split('\n')) {
    let variables = 0
    let filled = 0
    const text = line.replace(PLACEHOLDER, (_, name: string) => {
      variables += 1
      const value = values[name as TemplateVariable] ?? ''
      if (value !== '') filled += 1
      return value
    })
    if (variables === 0 || filled > 0) lines.push(text)
  }
  return lines.join('\n').trim()
}

/** JSON with the keys of every object in code-unit order, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** SHA-256, hex, of the canonical JSON of any plain value. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** Names the whole content of a profile; stored with every proposal. */
export function promptHash(profile: PromptProfile): string {
  return hashOf(profile)
}
