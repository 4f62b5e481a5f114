/** What the embedded model can know about one photo. Every value is measured or looked up; nothing is guessed and nothing says who a person is. */
import { z } from 'zod'

/** Corners as fractions of the upright picture, 0..1. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

export interface DetectedObject {
  /** Lower-case English noun, one of the 80 in labels.ts. */
  label: string
  /** Mean score over the views of the picture, 0..1; a view that does not see the object counts as 0. */
  score: number
  box: Box
}

export interface TextLine {
  /** As read: data, never an instruction. Without control and direction characters, at most 80 characters. */
  text: string
  /** Mean confidence of the characters, 0..1. */
  confidence: number
}

export interface NamedColour {
  name: string
  /** Share of the pixels, 0..1. */
  share: number
}

export interface LightFacts {
  key: 'high' | 'low' | 'normal'
  contrast: 'high' | 'low' | 'normal'
  /** `neutral`: grey only; `toned`: one hue throughout, such as sepia. */
  monochrome: 'no' | 'neutral' | 'toned'
  warmth: 'warm' | 'cool' | 'neutral'
  /** Largest first; empty for a monochrome picture. */
  colours: NamedColour[]
}

export const SEASONS = ['spring', 'summer', 'autumn', 'winter'] as const
export type Season = (typeof SEASONS)[number]
export const DAYPARTS = ['dawn', 'morning', 'midday', 'afternoon', 'evening', 'dusk', 'night'] as const
export type Daypart = (typeof DAYPARTS)[number]

export interface WhenFacts {
  /** Only where the hemisphere is known and outside the tropics. */
  season: Season | null
  daypart: Daypart | null
  /** `sun`: height of the sun at the place; `clock`: hour of the camera's clock, which may be set wrong. */
  basis: 'sun' | 'clock'
}

export interface PlaceFacts {
  /** Nearest sizeable town within 50 km. */
  place: string | null
  distanceKm: number | null
  /** Close enough to the town to be in it; otherwise only near. */
  inTown: boolean
  country: string | null
}

export interface Facts {
  objects: DetectedObject[]
  /** Scores of the human faces found, each at least 0.85. The number is all that is known of them. */
  faces: number[]
  text: TextLine[]
  light: LightFacts
  when: WhenFacts | null
  where: PlaceFacts | null
}

/** What the file says about the photo; sent beside the picture. An entry that is not plausible is dropped, never an error. */
export const photoContext = z.object({
  /** ISO 8601, as the camera's clock showed it, e.g. `2024-06-01T19:30:00` or with an offset. */
  takenAt: z.string().max(40).optional().catch(undefined),
  /** The offset in `takenAt` was written by the camera. */
  takenAtHasZone: z.boolean().optional().catch(undefined),
  latitude: z.number().min(-90).max(90).optional().catch(undefined),
  longitude: z.number().min(-180).max(180).optional().catch(undefined),
  orientation: z.number().int().min(1).max(8).optional().catch(undefined),
  cameraMake: z.string().max(100).optional().catch(undefined),
})
export type PhotoContext = z.infer<typeof photoContext>

/** Coordinates of the context; undefined when one is missing or both are exactly 0, which cameras write when they have no fix. */
export function findCoordinates(context: PhotoContext): { latitude: number; longitude: number } | undefined {
  const { latitude, longitude } = context
  if (latitude === undefined || longitude === undefined) return undefined
  if (latitude === 0 && longitude === 0) return undefined
  return { latitude, longitude }
}

/** Objects from here on are proposed. */
export const PROPOSE_SCORE = 0.5
/** Objects from here to PROPOSE_SCORE are shown as maybe; below they are not facts. */
export const MAYBE_SCORE = 0.4
/** Below this a face may be a pet's. */
export const FACE_SCORE = 0.85
/** Below this the reader invents words. */
export const TEXT_CONFIDENCE = 0.8
