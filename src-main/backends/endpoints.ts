/** An OpenAI-compatible server that the user adds, as the entry it becomes in the user's file. Pure. */
import { StudioError } from '../lib/studio-error.ts'
import { type EntryRecord, MODEL_NAME_PATTERN } from '../registry/entry.ts'
import { isLoopback, parseBaseUrl } from './loopback.ts'

export interface NewEndpoint {
  name: string
  baseUrl: string
  servedModelId: string
  roles: string[]
  consent: boolean
}

/** Above what is merely found, below nothing that was measured: a server that somebody set up is meant to be used. */
const ENDPOINT_PRIORITY = 60

/** A registry name from free text, e.g. `Büro GPU` → `Buro-GPU`. */
function nameFromText(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._+:()@-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
  if (MODEL_NAME_PATTERN.test(name)) return name
  const reason = 'its name needs a Latin letter or digit'
  throw new StudioError('endpoint-invalid', `the server cannot be added: ${reason}`, { data: { reason } })
}

/** @throws StudioError `endpoint-invalid`, or `endpoint-consent-required` with data {origin} for an address outside this machine. */
export function describeEndpoint(endpoint: NewEndpoint): EntryRecord {
  const url = parseBaseUrl(endpoint.baseUrl)
  const elsewhere = !isLoopback(url)
  if (elsewhere && !endpoint.consent) {
    throw new StudioError('endpoint-consent-required', `photos would be sent to ${url.origin}`, { data: { name: endpoint.name, origin: url.origin } })
  }
  return {
    name: nameFromText(endpoint.name),
    display_name: endpoint.name,
    backend: 'remote',
    backend_config: { base_url: url.href },
    served_model_id: endpoint.servedModelId,
    capabilities: { text: true, vision: true },
    roles: endpoint.roles,
    role_priority: Object.fromEntries(endpoint.roles.map((role) => [role, ENDPOINT_PRIORITY])),
    metadata: elsewhere ? { added_by_user: true, endpoint_consent: url.origin } : { added_by_user: true },
  }
}
