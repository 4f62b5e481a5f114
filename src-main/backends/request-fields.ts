/** Reading the body of a request whose fields a backend has to put into its own words. Pure. */
import { StudioError } from '../lib/studio-error.ts'

/** What the caller asked for cannot be done here; `param` names the field. */
export function invalid(param: string, message: string): StudioError {
  return new StudioError('request-invalid', message, { data: { param } })
}

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
