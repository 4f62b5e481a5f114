import { StudioError } from '../../lib/studio-error.ts'
import type { Refusal } from './state.ts'

export function toError({ code, message, data, retry }: Refusal): StudioError {
  return new StudioError(code, message, { data, retry })
}

export function toRefusal(error: unknown): Refusal {
  if (error instanceof StudioError) return { code: error.code, message: error.message, data: error.data, retry: error.retry }
  return { code: 'backend-start-failed', message: error instanceof Error ? error.message : String(error), data: {}, retry: 'later' }
}
