/** When and where a photo was taken, from raw EXIF values. Pure; anything odd becomes null, never an error. */

/**
 * @param text `2024:05:01 12:34:56`, with or without fractions.
 * @param offset `+02:00`, `-0330` or `Z`; without it the time is read as UTC.
 * @returns Milliseconds since the Unix epoch.
 */
export function parseExifTime(text: unknown, offset?: unknown): number | null {
  if (typeof text !== 'string') return null
  const match = /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,3}))?/.exec(text.trim())
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const wall = new Date(0)
  wall.setUTCFullYear(year, month - 1, day)
  wall.setUTCHours(hour, minute, Math.min(second, 59), Number((match[7] ?? '').padEnd(3, '0')))
  // A date that does not come back the same (month 13, 31 February, all zeros) is a camera without a set clock.
  if (year < 1800 || wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day || wall.getUTCHours() !== hour || wall.getUTCMinutes() !== minute)
    return null
  return wall.getTime() - (parseOffsetMinutes(offset) ?? 0) * 60_000
}

/** Minutes east of UTC as the camera wrote them (`+02:00`), else null. */
export function parseOffsetMinutes(offset: unknown): number | null {
  const match = typeof offset === 'string' ? /^([+-])(\d\d):?(\d\d)/.exec(offset.trim()) : null
  if (!match) return null
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return minutes > 15 * 60 ? null : match[1] === '-' ? -minutes : minutes
}

/** Degrees from `[degrees, minutes, seconds]` and its reference letter, or from a signed number. */
function parseDegrees(value: unknown, reference: unknown, limit: number): number | null {
  const parts = typeof value === 'number' ? [value] : Array.isArray(value) ? value : []
  const [degrees, minutes = 0, seconds = 0] = parts.map(Number)
  if (degrees === undefined) return null
  const size = degrees + minutes / 60 + seconds / 3600
  const signed = typeof reference === 'string' && /^[SW]/i.test(reference.trim()) ? -Math.abs(size) : size
  return Number.isFinite(signed) && Math.abs(signed) <= limit ? signed : null
}

export interface RawPosition {
  GPSLatitude?: unknown
  GPSLatitudeRef?: unknown
  GPSLongitude?: unknown
  GPSLongitudeRef?: unknown
}

export function parsePosition(tags: RawPosition): { latitude: number; longitude: number } | null {
  const latitude = parseDegrees(tags.GPSLatitude, tags.GPSLatitudeRef, 90)
  const longitude = parseDegrees(tags.GPSLongitude, tags.GPSLongitudeRef, 180)
  // Receivers without a fix write 0, 0.
  return latitude === null || longitude === null || (latitude === 0 && longitude === 0) ? null : { latitude, longitude }
}

/** 1 to 8; anything else is 1. */
export function parseOrientation(value: unknown): number {
  const number = Number(value)
  return Number.isInteger(number) && number >= 1 && number <= 8 ? number : 1
}

/** Whether upright width and height are the stored ones exchanged. */
export const swapsSides = (orientation: number): boolean => orientation >= 5
