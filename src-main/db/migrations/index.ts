import { firstTables } from './001-first-tables.ts'
import { measurementsAndRequests } from './002-measurements-and-requests.ts'
import { journalKinds } from './003-journal-kinds.ts'
import { libraryFacets } from './004-library-facets.ts'

/** In order; entry n brings `user_version` from n to n + 1. Never edit one that was released: add the next. */
export const MIGRATIONS: readonly string[] = [firstTables, measurementsAndRequests, journalKinds, libraryFacets]
