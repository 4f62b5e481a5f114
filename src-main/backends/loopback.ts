/** Addresses of model servers: read strictly, and told apart by whether photos would leave this machine. Pure. */
import type { RegistryEntry } from '../registry/entry.ts'
import { backendOf } from '../registry/entry.ts'
import { StudioError } from '../lib/studio-error.ts'

/** `http://host:port/v1`, without a final slash. An address without a path gets `/v1`, where OpenAI-compatible servers answer. */
export function parseBaseUrl(text: string): URL {
  const refuse = (reason: string) => new StudioError('endpoint-invalid', `the address is not usable: ${reason}`, { data: { reason } })
  if (!URL.canParse(text)) throw refuse('it is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('it must begin with http:// or https://')
  if (url.username !== '' || url.password !== '') throw refuse('it must not hold a user name or password')
  if (url.search !== '' || url.hash !== '') throw refuse('it must end with its path')
  const trimmed = url.pathname.replace(/\/+$/, '')
  url.pathname = trimmed === '' ? '/v1' : trimmed
  return url
}

export function isLoopback(url: URL): boolean {
  const host = url.hostname.toLowerCase()
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

const DEFAULT_PORTS: Partial<Record<ReturnType<typeof backendOf>, number>> = { vllm: 24_001, lmdeploy: 24_001, llamacpp: 8080 }

/**
 * Where the entry's OpenAI-compatible server answers; undefined when the entry names none.
 * @throws StudioError `endpoint-invalid`.
 */
export function findBaseUrl(entry: RegistryEntry): URL | undefined {
  const { base_url: baseUrl, host, port } = entry.backend_config
  if (baseUrl) return parseBaseUrl(baseUrl)
  if (host?.includes('://')) return parseBaseUrl(host)
  const knownPort = port ?? DEFAULT_PORTS[backendOf(entry)]
  if (knownPort === undefined) return undefined
  return parseBaseUrl(`http://${host ?? '127.0.0.1'}:${knownPort}`)
}

/**
 * All addresses under which the entry's model is served, each once; `base_urls` first.
 * @throws StudioError `endpoint-invalid`.
 */
export function findBaseUrls(entry: RegistryEntry): readonly URL[] {
  let urls = known.get(entry)
  if (!urls) known.set(entry, (urls = readBaseUrls(entry)))
  return urls
}

/** By entry, which is another object once its file changed: every request asks. */
const known = new WeakMap<RegistryEntry, readonly URL[]>()

function readBaseUrls(entry: RegistryEntry): URL[] {
  const listed = (entry.backend_config.base_urls ?? []).map(parseBaseUrl)
  // The usual port of a backend is a guess, which a list of addresses makes needless.
  const own = listed.length === 0 || entry.backend_config.base_url ? findBaseUrl(entry) : undefined
  const all = own ? [...listed, own] : listed
  return [...new Map(all.map((url) => [url.href, url])).values()]
}

/**
 * Consent belongs to one address (`metadata.endpoint_consent`: an origin, or a list of them): an entry that is pointed elsewhere later
 * has lost it.
 * @throws StudioError `endpoint-consent-required`.
 */
export function requireConsent(entry: RegistryEntry, url: URL): void {
  const agreed = entry.metadata['endpoint_consent']
  if (isLoopback(url) || agreed === url.origin || (Array.isArray(agreed) && agreed.includes(url.origin))) return
  throw new StudioError(
    'endpoint-consent-required',
    `${entry.name} answers at ${url.origin}, outside this machine, and nobody agreed to send photos there`,
    {
      data: { name: entry.name, origin: url.origin },
    },
  )
}

/** Where Ollama listens by its own variable; an address outside this machine is never taken from the environment. */
export function ollamaBaseUrlFrom(environment: Readonly<Record<string, string | undefined>>): string {
  const usual = 'http://127.0.0.1:11434'
  const host = environment['OLLAMA_HOST']?.trim()
  if (!host) return usual
  const text = host.includes('://') ? host : `http://${host}`
  if (!URL.canParse(text)) return usual
  const url = new URL(text)
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1'
  if (!isLoopback(url)) return usual
  // Without a port Ollama means its own, not the web's.
  if (url.port === '' && !/:(80|443)$/.test(host.replace(/\/+$/, ''))) url.port = '11434'
  return url.origin
}
