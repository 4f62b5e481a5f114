/** From our errors to HTTP: status and OpenAI's envelope, in one table. The reverse travels as `studio_code`. Pure. */
import type { ErrorCode } from '../contract/errors/index.ts'
import { refusalWithFigures } from '../lib/memory-refusal.ts'
import { StudioError } from '../lib/studio-error.ts'

export interface WireError {
  status: number
  /** Seconds, when the caller may try again. */
  retryAfterSeconds: number | null
  body: {
    error: { message: string; type: string; code: string; param: string | null; studio_code: ErrorCode; data: Record<string, unknown> }
  }
}

const CALLER = 'invalid_request_error'
const SERVER = 'server_error'

const TABLE: Partial<Record<ErrorCode, [status: number, type: string, code: string]>> = {
  'model-unknown': [404, CALLER, 'model_not_found'],
  'model-ambiguous': [400, CALLER, 'model_ambiguous'],
  'role-unknown': [400, CALLER, 'role_unknown'],
  'unknown-route': [404, CALLER, 'unknown_route'],
  'request-invalid': [400, CALLER, 'invalid_request'],
  'request-too-slow': [408, CALLER, 'request_timeout'],
  'request-refused': [403, 'permission_error', 'request_refused'],
  'capability-mismatch': [400, CALLER, 'capability_mismatch'],
  'context-overflow': [400, CALLER, 'context_overflow'],
  'payload-too-large': [413, CALLER, 'payload_too_large'],
  'endpoint-consent-required': [403, 'permission_error', 'endpoint_consent_required'],
  'endpoint-invalid': [503, SERVER, 'endpoint_invalid'],
  'backend-overloaded': [429, 'rate_limit_error', 'backend_overloaded'],
  'backend-failed': [502, SERVER, 'backend_bad_response'],
  'backend-unreachable': [503, SERVER, 'backend_down'],
  'backend-start-failed': [503, SERVER, 'backend_start_failed'],
  'weights-missing': [503, SERVER, 'weights_missing'],
  'model-does-not-fit': [503, SERVER, 'model_does_not_fit'],
  'model-locked': [409, SERVER, 'model_locked'],
  'model-busy': [409, SERVER, 'model_busy'],
  'gpu-leased': [423, SERVER, 'gpu_leased'],
  'lease-unknown': [404, CALLER, 'lease_unknown'],
  'port-in-use': [503, SERVER, 'port_in_use'],
  'probe-failed': [502, SERVER, 'probe_failed'],
  'registry-version-unknown': [404, CALLER, 'registry_version_unknown'],
  'secret-missing': [503, SERVER, 'secret_missing'],
  'no-model-for-role': [503, SERVER, 'no_model_for_role'],
  'profile-unknown': [400, CALLER, 'profile_unknown'],
  'registry-invalid': [503, SERVER, 'registry_invalid'],
  'proxy-unavailable': [503, SERVER, 'proxy_unavailable'],
  'backend-timeout': [504, SERVER, 'backend_timeout'],
  'decoder-crashed': [503, SERVER, 'decoder_crashed'],
  'decoder-suspended': [503, SERVER, 'decoder_suspended'],
  'decoder-timeout': [504, SERVER, 'decoder_timeout'],
  cancelled: [499, CALLER, 'cancelled'],
}

/** A bug is `internal`: its text is for our log, not for the caller. A `status` in the error's data (from the backend) is kept. */
export function toWireError(error: unknown): WireError {
  const known = error instanceof StudioError ? error : new StudioError('internal', 'something went wrong inside the studio', { cause: error })
  const [status, type, code] = TABLE[known.code] ?? [500, SERVER, known.code.replaceAll('-', '_')]
  const { param, httpStatus, ...data } = known.data
  return {
    status: typeof httpStatus === 'number' ? httpStatus : status,
    retryAfterSeconds: retryAfterOf(known),
    body: {
      error: { message: known.message, type, code, param: typeof param === 'string' ? param : null, studio_code: known.code, data },
    },
  }
}

function retryAfterOf({ code, data }: StudioError): number | null {
  if (typeof data['retryAfterSeconds'] === 'number') return data['retryAfterSeconds']
  return code === 'backend-overloaded' || code === 'gpu-leased' ? 5 : null
}

const OVERFLOW = /context.{0,40}(length|window|size)|maximum context|too (long|many tokens)|exceed.{0,40}(context|tokens)/i

function messageIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const inner = 'error' in body ? body.error : body
  if (typeof inner === 'string') return inner
  if (typeof inner === 'object' && inner !== null && 'message' in inner && typeof inner.message === 'string') return inner.message
  return undefined
}

/** A backend's error answer as ours: its 4xx keep their status, its 5xx become 502, 503 or 504. */
export function fromUpstream(status: number, text: string): StudioError {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const said = (messageIn(body) ?? text).trim().slice(0, 500)
  const message = said === '' ? `the model server answered ${status}` : `the model server answered ${status}: ${said}`
  const data = { upstreamStatus: status }
  if (status === 400 && OVERFLOW.test(said)) return new StudioError('context-overflow', message, { data })
  if (status === 413) return new StudioError('payload-too-large', message, { data })
  if (status === 429) return new StudioError('backend-overloaded', message, { data, retry: 'later' })
  if (status === 503) return new StudioError('backend-unreachable', message, { data, retry: 'later' })
  if (status === 504 || status === 408) return new StudioError('backend-timeout', message, { data, retry: 'now' })
  // A key that the backend refuses is not the caller's: passed on as 401 it would look like ours.
  if (status === 401 || status === 403) return new StudioError('backend-failed', message, { data })
  if (status >= 400 && status < 500) return new StudioError('request-invalid', message, { data: { ...data, httpStatus: status } })
  return refusalWithFigures(said) ?? new StudioError('backend-failed', message, { data, retry: 'now' })
}
