/** What a running Ollama has: `/api/tags`, and `/api/show` for each model. It is only asked. */
import { z } from 'zod'
import { askJson } from './ask-json.ts'
import { compact, type Found, type FoundModel } from './found-model.ts'
import { architectureOf, type GgufMetadata, headerOf, visionTowerOf } from './gguf-facts.ts'
import type { GgufValue } from './gguf-header.ts'
import { inBatches } from './in-batches.ts'

const ASK_MS = 3_000
const AT_ONCE = 4
const MODELS_CAP = 500

const tagsReply = z.object({
  models: z
    .array(
      z.object({
        name: z.string().min(1).max(300),
        digest: z.string().max(200).default(''),
        size: z.number().nonnegative().default(0),
        details: z.object({ quantization_level: z.string().nullish(), family: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
})
export type OllamaTag = NonNullable<z.infer<typeof tagsReply>['models']>[number]

const showReply = z.object({
  capabilities: z.array(z.string()).nullish(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
  projector_info: z.record(z.string(), z.unknown()).nullish(),
  details: z.object({ families: z.array(z.string()).nullish(), quantization_level: z.string().nullish(), family: z.string().nullish() }).nullish(),
})
export type OllamaShow = z.infer<typeof showReply>

function metadataFrom(info: Record<string, unknown> | null | undefined): GgufMetadata {
  const usable = (value: unknown): value is GgufValue =>
    ['string', 'number', 'boolean'].includes(typeof value) || (Array.isArray(value) && value.every((item) => typeof item === 'number'))
  return new Map(Object.entries(info ?? {}).filter((pair): pair is [string, GgufValue] => usable(pair[1])))
}

function seesPictures(show: OllamaShow): boolean {
  if (show.capabilities) return show.capabilities.includes('vision')
  // Older versions tell no capabilities, but name the projector.
  const families = show.details?.families ?? []
  return Object.keys(show.projector_info ?? {}).length > 0 || families.some((family) => family === 'clip' || family === 'mllama')
}

/** `llava` and `llava:latest` are one tag; of several tags the one that says more names the model. */
const preferredTag = (tags: readonly string[]) =>
  [...tags].sort((a, b) => Number(a.endsWith(':latest')) - Number(b.endsWith(':latest')) || (a < b ? -1 : 1))[0] ?? ''

const known = (text: string | null | undefined) => (text && text.toLowerCase() !== 'unknown' ? text : null)

/** All tags of one manifest, as one model. */
export function describeOllamaModel(tags: readonly OllamaTag[], show: OllamaShow | undefined): FoundModel | undefined {
  const [first] = tags
  if (!first) return undefined
  const repo = preferredTag(tags.map(({ name }) => name))
  const info = metadataFrom(show?.model_info)
  const tower = visionTowerOf(metadataFrom(show?.projector_info)) ?? visionTowerOf(info)
  return {
    source: 'ollama',
    scope: 'ollama',
    repo,
    file: null,
    backend: 'ollama',
    title: repo.replace(/:latest$/, ''),
    quantization: known(show?.details?.quantization_level) ?? known(first.details?.quantization_level),
    digest: first.digest || null,
    servedModelId: repo,
    aliases: tags
      .map(({ name }) => name)
      .filter((name) => name !== repo)
      .sort(),
    huggingFaceId: null,
    path: null,
    config: {},
    sizeBytes: first.size || null,
    architecture: compact({ ...architectureOf(info, null), ...(tower ? { vision: tower } : {}) }) ?? null,
    header: headerOf(info, null),
    family: known(show?.details?.family) ?? known(first.details?.family),
    sees: show ? seesPictures(show) : null,
    generates: show?.capabilities ? show.capabilities.includes('completion') : true,
  }
}

/** @throws StudioError `backend-unreachable`, `backend-timeout`, `backend-failed`. */
export async function listOllamaTags(baseUrl: string, boundMs = ASK_MS): Promise<OllamaTag[]> {
  const { models } = await askJson({ url: new URL('/api/tags', baseUrl), shape: tagsReply, boundMs })
  return (models ?? []).slice(0, MODELS_CAP)
}

/** Tags of one manifest together, by name. */
export function groupTags(tags: readonly OllamaTag[]): OllamaTag[][] {
  const groups = new Map<string, OllamaTag[]>()
  for (const tag of [...tags].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = tag.digest || tag.name
    groups.set(key, [...(groups.get(key) ?? []), tag])
  }
  return [...groups.values()]
}

/** @param boundMs For each question. */
export async function scanOllama(baseUrl: string, boundMs = ASK_MS): Promise<Found> {
  const report = { scope: 'ollama', source: 'ollama' as const, place: baseUrl, models: 0, problems: [] as string[] }
  let tags: OllamaTag[]
  try {
    tags = await listOllamaTags(baseUrl, boundMs)
  } catch (error) {
    return { models: [], report: { ...report, state: 'failed', problems: [error instanceof Error ? error.message : 'does not answer'] } }
  }
  const models = await inBatches(groupTags(tags), AT_ONCE, async (group) => {
    const body = { model: group[0]?.name }
    const show = await askJson({ url: new URL('/api/show', baseUrl), shape: showReply, boundMs, body }).catch((error: unknown) => {
      report.problems.push(`${group[0]?.name}: ${error instanceof Error ? error.message : 'does not answer'}`)
      return undefined
    })
    return describeOllamaModel(group, show)
  })
  const found = models.filter((model) => model !== undefined)
  return { models: found, report: { ...report, state: 'read', models: found.length } }
}
