/** Season and part of the day from the capture time, and from the place where it is known. Pure; no clock and no network. */
import { DateTime, FixedOffsetZone } from 'luxon'
import { getPosition } from 'suncalc'
import { findCoordinates, type Daypart, type PhotoContext, SEASONS, type Season, type WhenFacts } from './facts.ts'

/** Between the tropics the four seasons do not describe the year. */
const TROPIC_DEGREES = 23.5

/**
 * @param findZone IANA zone of a place, e.g. `Europe/Madrid`.
 * @returns null when the capture time is missing or not a time.
 */
export function findWhen(context: PhotoContext, findZone: (latitude: number, longitude: number) => string): WhenFacts | null {
  if (context.takenAt === undefined) return null
  const parsed = DateTime.fromISO(context.takenAt, { setZone: true, zone: FixedOffsetZone.utcInstance })
  // Cameras with an unset clock write their own birthday at midnight, or year 0.
  if (!parsed.isValid || parsed.year < 1826) return null
  const place = findCoordinates(context)
  if (!place) return { season: null, daypart: hasTime(context.takenAt) ? daypartByClock(parsed.hour) : null, basis: 'clock' }
  const season = findSeason(parsed.month, place.latitude)
  if (!hasTime(context.takenAt)) return { season, daypart: null, basis: 'sun' }
  const instant = context.takenAtHasZone ? parsed : parsed.setZone(findZone(place.latitude, place.longitude), { keepLocalTime: true })
  if (!instant.isValid) return { season, daypart: null, basis: 'sun' }
  const sun = getPosition(instant.toJSDate(), place.latitude, place.longitude)
  return { season, daypart: daypartBySun(sun.altitude, sun.azimuth), basis: 'sun' }
}

const hasTime = (iso: string) => /T\d{2}:?\d{2}/.test(iso)

/** Meteorological seasons: three whole months each, turned by half a year south of the equator. */
function findSeason(month: number, latitude: number): Season | null {
  if (Math.abs(latitude) < TROPIC_DEGREES) return null
  const index = Math.floor(((month + 9) % 12) / 3)
  return SEASONS[latitude > 0 ? index : (index + 2) % 4]!
}

/** @param azimuth Degrees clockwise from north: below 180 the sun is still on its way up. */
function daypartBySun(altitude: number, azimuth: number): Daypart {
  const rising = azimuth < 180
  // The sky keeps its blue until about eight degrees.
  if (altitude < -8) return 'night'
  if (altitude < -0.8) return rising ? 'dawn' : 'dusk'
  if (altitude < 8) return rising ? 'morning' : 'evening'
  // Near its highest point the sun stands due south, or due north in the other hemisphere.
  const offMeridian = Math.min(Math.abs(azimuth - 180), azimuth, 360 - azimuth)
  if (offMeridian < 22) return 'midday'
  return rising ? 'morning' : 'afternoon'
}

function daypartByClock(hour: number): Daypart {
  if (hour < 5 || hour >= 22) return 'night'
  if (hour < 11) return 'morning'
  if (hour < 14) return 'midday'
  if (hour < 18) return 'afternoon'
  return 'evening'
}
