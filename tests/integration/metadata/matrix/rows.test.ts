/** Every row F01–F88 of the acceptance matrix is a named test, a named skip, or a test elsewhere that this table names. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const tests = path.resolve(import.meta.dirname, '../../..')

/** Rows that other suites prove, by file and a piece of the test's name. */
const ELSEWHERE: Readonly<Record<string, readonly [string, string][]>> = {
  F05: [['integration/imaging/pictures.test.ts', 'are upright in all eight orientations']],
  F18: [['integration/metadata-features/settings.test.ts', 'DNG is embedded when it is not named']],
  F32: [['integration/metadata-features/originals.test.ts', 'originals that are kept']],
  F38: [['integration/db/stores.test.ts', 'end each photo exactly once although the process is killed in the middle']],
  F39: [
    ['integration/db/claim-data-folder.test.ts', 'refuses a second studio and names the first'],
    ['e2e/data-folder.test.ts', 'serves one studio at a time'],
  ],
  F42: [['integration/db/open-database.test.ts', 'a failing step leaves the version before it whole']],
  F43: [
    ['integration/db/open-database.test.ts', 'starts anew from the empty file that a full disk left behind'],
    ['e2e/data-folder.test.ts', 'that is damaged is left alone'],
  ],
  F45: [['integration/db/stores.test.ts', 'even when the clock goes backwards']],
  F46: [['integration/metadata-features/originals.test.ts', 'a full disk stops the write before the photo is touched']],
  F53: [['integration/metadata-features/settings.test.ts', 'hardLinks: refused, or parted with a warning']],
  F55: [['integration/metadata-features/settings.test.ts', 'modificationTime: new by default, kept on the setting']],
  F60: [
    ['unit/metadata/files.test.ts', 'finds both names without regard to case'],
    ['integration/db/photos-repository.test.ts', 'one on a volume that ignores case'],
  ],
  F68: [['integration/library/import.test.ts', 'the library of another program is left alone']],
  F77: [['integration/metadata-features/settings.test.ts', 'of two the named one is read first and written']],
  F82: [['integration/metadata-features/settings.test.ts', 'a JPEG’s words go beside it and its bytes stay']],
  F88: [['integration/metadata-features/originals.test.ts', 'never what an unfinished write needs']],
}

const namedHere = () => {
  const folder = path.join(tests, 'integration', 'metadata')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.test.ts') && !name.endsWith('rows.test.ts'),
  )
  const rows = new Set<string>()
  for (const file of files) {
    // The name of a test, of each of its table's rows, or of a skip.
    for (const [, name = ''] of readFileSync(path.join(folder, file), 'utf8').matchAll(/(?:\bit\(|\)\(|\bnoteSkip\()\s*['`]((?:F\d\d )+)/g)) {
      for (const row of name.trim().split(' ')) rows.add(row)
    }
  }
  return rows
}

it('no row of the matrix is without its test', () => {
  const rows = Array.from({ length: 88 }, (_, at) => `F${String(at + 1).padStart(2, '0')}`)
  const named = namedHere()
  expect(rows.filter((row) => !named.has(row) && ELSEWHERE[row] === undefined)).toEqual([])
  expect([...named].filter((row) => !rows.includes(row))).toEqual([])
})

it('the tests elsewhere that stand for a row are there', () => {
  const missing = Object.entries(ELSEWHERE).flatMap(([row, places]) =>
    places.filter(([file, name]) => !readFileSync(path.join(tests, file), 'utf8').includes(name)).map(([file, name]) => `${row}: ${file}: ${name}`),
  )
  expect(missing).toEqual([])
})
