/** The OpenAI-compatible servers that entries name: which models each of them serves. */
import { z } from 'zod'
import { StudioError } from '../../lib/studio-error.ts'
import { backendOf, type RegistryEntry, servedIdsOf } from '../../registry/entry.ts'
import { findBaseUrl, requireConsent } from '../loopback.ts'
import { askJson } from './ask-json.ts'
import { compact, type Found, type FoundModel } from './found-model.ts'
import { inBatches } from './in-batches.ts'

const ASK_MS = 1_500
const AT_ONCE = 6
const MODELS_CAP = 200
const SERVERS_CAP = 50

const positive = z.number().positive().nullish()
const modelsReply = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1).max(300),
      /** vLLM. */
      max_model_len: positive,
      /** llama.cpp. */
      meta: z.object({ n_ctx_train: positive, n_embd: positive, n_vocab: positive, n_params: positive, size: positive }).nullish().catch(null),
    }),
  ),
})
type Served = z.infer<typeof modelsReply>['data'][number]

interface Server {
  url: URL
  entries: RegistryEntry[]
}

/** Entries by the address of their server; those without one, or without consent to it, are left out. */
function serversOf(entries: readonly RegistryEntry[]): Server[] {
  const servers = new Map<string, Server>()
  for (const entry of entries) {
    if (!['vllm', 'llamacpp', 'lmdeploy', 'remote'].includes(backendOf(entry))) continue
    try {
      const url = findBaseUrl(entry)
      if (!url) continue
      requireConsent(entry, url)
      const known = servers.get(url.href)
      servers.set(url.href, { url, entries: [...(known?.entries ?? []), entry] })
    } catch (error) {
      if (!(error instanceof StudioError)) throw error
    }
  }
  return [...servers.values()].slice(0, SERVERS_CAP)
}

function describe(served: Served, server: Server, scope: string): FoundModel {
  const [entry] = server.entries
  const { api_key_env: keyVariable, api_key_name: keyName } = entry?.backend_config ?? {}
  const consent = entry?.metadata['endpoint_consent']
  const { meta } = served
  return {
    source: 'server',
    scope,
    repo: served.id,
    file: null,
    backend: 'remote',
    title: served.id.split('/').at(-1) ?? served.id,
    quantization: null,
    digest: null,
    servedModelId: served.id,
    aliases: [],
    huggingFaceId: null,
    path: null,
    config: { base_url: server.url.href, ...compact({ api_key_env: keyVariable, api_key_name: keyName }) },
    sizeBytes: meta?.size ?? null,
    architecture:
      compact({
        context_length: served.max_model_len ?? meta?.n_ctx_train ?? undefined,
        hidden_size: meta?.n_embd ?? undefined,
        vocab_size: meta?.n_vocab ?? undefined,
        params_billion: meta?.n_params ? Math.round(meta.n_params / 1e6) / 1000 : undefined,
      }) ?? null,
    header: {},
    family: null,
    sees: null,
    generates: true,
    ...(consent === undefined ? {} : { metadata: { endpoint_consent: consent } }),
  }
}

export type KeyFor = (entry: RegistryEntry) => Promise<string | undefined>

/** Most entries describe a server that is started when it is needed: that it is not there is no news. A remote one is meant to be. */
const isNews = (error: unknown, { entries }: Server) =>
  !(error instanceof StudioError && error.code === 'backend-unreachable') || entries.some((entry) => backendOf(entry) === 'remote')

export async function scanServers(entries: readonly RegistryEntry[], keyFor: KeyFor): Promise<Found[]> {
  const looks = await inBatches(serversOf(entries), AT_ONCE, async (server): Promise<Found | undefined> => {
    const scope = `server:${server.url.href}`
    const report = { scope, source: 'server' as const, models: 0, problems: [] as string[] }
    try {
      const [entry] = server.entries
      const key = entry ? await keyFor(entry) : undefined
      const url = new URL(`${server.url.href.replace(/\/+$/, '')}/models`)
      const { data } = await askJson({ url, shape: modelsReply, boundMs: ASK_MS, key })
      const models = data.slice(0, MODELS_CAP).map((served) => describe(served, server, scope))
      return { models, report: { ...report, state: 'read', models: models.length } }
    } catch (error) {
      if (!isNews(error, server)) return undefined
      return { models: [], report: { ...report, state: 'failed', problems: [error instanceof Error ? error.message : 'does not answer'] } }
    }
  })
  return looks.filter((look) => look !== undefined)
}

/** Whether the entry is what this server serves under that id. */
export function isServedAs(entry: RegistryEntry, found: FoundModel): boolean {
  if (!['vllm', 'llamacpp', 'lmdeploy', 'remote'].includes(backendOf(entry)) || !servedIdsOf(entry).includes(found.repo)) return false
  try {
    return findBaseUrl(entry)?.href === found.config['base_url']
  } catch {
    return false
  }
}
