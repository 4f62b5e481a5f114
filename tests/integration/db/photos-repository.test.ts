import { describe, expect, it } from 'vitest'
import type { PhotoFilter } from '../../../src-main/contract/model.ts'
import { EXACT } from '../../../src-main/library/path-key.ts'
import type { PhotoFacts } from '../../../src-main/library/ports.ts'
import { foundPhoto, newProposal, openTestDatabase } from '../../helpers/database-samples.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const facts = (contentHash: string, more: Partial<PhotoFacts> = {}): PhotoFacts => ({
  contentHash,
  width: 40,
  height: 30,
  orientation: 6,
  takenAtMs: 1_600_000_000_000,
  takenAtOffsetMinutes: null,
  gps: { latitude: -33.5, longitude: 0 },
  ...more,
})
const everything: PhotoFilter = { recursive: true, sort: 'path' }
const names = (items: { name: string }[]) => items.map(({ name }) => name)

describe('found photos', () => {
  it('keep their ids when they are found again, and lose their facts only when the file changed', () => {
    const { photos } = openTestDatabase(tempFolder())
    const batch = [foundPhoto('/p/a.jpg'), foundPhoto('/p/b.jpg')]
    const first = photos.putFound(batch)
    expect(first).toMatchObject({ added: 2, changed: 0 })
    const [a, b] = first.ids as [number, number]
    photos.putFacts(a, facts('ha'))
    photos.putFacts(b, facts('hb'))
    expect(photos.putFound(batch)).toEqual({ added: 0, changed: 0, ids: [] })
    expect(photos.find(a)?.facts).toEqual(facts('ha'))
    expect(photos.putFound([foundPhoto('/p/a.jpg', { mtimeMs: 1_700_000_000_000.5 }), batch[1]!])).toEqual({ added: 0, changed: 1, ids: [a] })
    expect(photos.find(a)).toMatchObject({ facts: null, width: null, mtimeMs: 1_700_000_000_000.5 })
    expect(photos.find(b)?.facts).toEqual(facts('hb'))
  })

  it('with names that differ in case are two on an exact volume and one on a volume that ignores case', () => {
    const { photos } = openTestDatabase(tempFolder())
    expect(photos.putFound([foundPhoto('/p/IMG.JPG'), foundPhoto('/p/img.jpg')]).added).toBe(2)
    const folding = { case: true, normalForm: true }
    const first = photos.putFound([foundPhoto('/Mac/É.JPG')], { root: '/Mac', folding })
    const again = photos.putFound([foundPhoto('/mac/e\u0301.jpg', { sizeBytes: 2 })], { root: '/mac', folding })
    expect(again).toEqual({ added: 0, changed: 1, ids: first.ids })
    // The spelling on the disk is the one that is shown and opened.
    expect(photos.find(first.ids[0]!)?.path).toBe('/mac/e\u0301.jpg')
    expect(photos.findByPath('/MAC/É.jpg')?.id).toBe(first.ids[0])
    expect(photos.findByPath('/P/IMG.JPG')).toBeUndefined()
    expect(photos.folders().map(({ path }) => path)).toEqual(['/p', '/mac'])
  })

  it('in both Unicode normal forms are two photos where the disk keeps two files', () => {
    const { photos } = openTestDatabase(tempFolder())
    expect(photos.putFound([foundPhoto('/p/\u00e9.jpg'), foundPhoto('/p/e\u0301.jpg')]).added).toBe(2)
    expect(photos.findByPath('/p/\u00e9.jpg')?.path).toBe('/p/\u00e9.jpg')
    expect(photos.findByPath('/p/e\u0301.jpg')?.path).toBe('/p/e\u0301.jpg')
  })

  it('take in the JPEG that belongs to them, but never one that was worked on', () => {
    const { photos, proposals } = openTestDatabase(tempFolder())
    const { ids } = photos.putFound([foundPhoto('/p/a.jpg'), foundPhoto('/p/b.jpg')])
    proposals.add(newProposal(ids[1]!))
    photos.putFound([
      foundPhoto('/p/a.cr2', { kind: 'raw', pairedPath: '/p/a.jpg' }),
      foundPhoto('/p/b.cr2', { kind: 'raw', pairedPath: '/p/b.jpg' }),
    ])
    const { items } = photos.list(everything, 0, 10)
    expect(items.map(({ name, pairedName }) => [name, pairedName])).toEqual([
      ['a.cr2', 'a.jpg'],
      ['b.cr2', 'b.jpg'],
      ['b.jpg', null],
    ])
  })

  it('store nothing of a batch when one of it cannot be stored', () => {
    const { photos } = openTestDatabase(tempFolder())
    const broken = foundPhoto('/p/b.jpg', { sizeBytes: Number.NaN })
    expect(() => photos.putFound([foundPhoto('/p/a.jpg'), broken])).toThrow()
    expect(photos.list(everything, 0, 10).total).toBe(0)
    expect(photos.folders()).toEqual([])
  })
})

describe('duplicates, problems and pending photos', () => {
  it('point to the first photo with the same bytes', () => {
    const { photos } = openTestDatabase(tempFolder())
    const { ids } = photos.putFound([foundPhoto('/p/a.jpg'), foundPhoto('/p/b.jpg'), foundPhoto('/p/c.jpg')])
    for (const id of ids) photos.putFacts(id, facts('same'))
    expect(photos.list(everything, 0, 10).items.map(({ duplicateOf }) => duplicateOf)).toEqual([null, ids[0], ids[0]])
  })

  it('are no longer pending once looked at or found broken, and again when the file changes', () => {
    const { photos } = openTestDatabase(tempFolder())
    const { ids } = photos.putFound([foundPhoto('/p/a.jpg'), foundPhoto('/p/b.jpg'), foundPhoto('/p/c.jpg')])
    const [a, b, c] = ids as [number, number, number]
    photos.putFacts(a, facts('x'))
    photos.putProblem(b, { code: 'photo-empty', message: 'empty', data: { n: 1 } })
    expect(photos.pending(10)).toEqual([c])
    expect(photos.find(b)?.problem).toEqual({ code: 'photo-empty', message: 'empty', data: { n: 1 } })
    photos.putFound([foundPhoto('/p/b.jpg', { sizeBytes: 5 })])
    expect(photos.pending(10)).toEqual([b, c])
    expect(photos.pending(1)).toEqual([b])
  })
})

describe('the folder tree', () => {
  it('reaches up to the imported folder, counts below, and grows upward when a parent is imported later', () => {
    const { photos } = openTestDatabase(tempFolder())
    photos.putFound([foundPhoto('/home/u/pics/2020/may/a.jpg'), foundPhoto('/home/u/pics/b.jpg')], { root: '/home/u/pics', folding: EXACT })
    const tree = () => {
      const folders = photos.folders()
      const pathOf = (id: number | null) => folders.find((folder) => folder.id === id)?.path ?? null
      return folders.map(({ path, parentId, photoCount, totalCount }) => [path, pathOf(parentId), photoCount, totalCount])
    }
    expect(tree()).toEqual([
      ['/home/u/pics', null, 1, 2],
      ['/home/u/pics/2020', '/home/u/pics', 0, 1],
      ['/home/u/pics/2020/may', '/home/u/pics/2020', 1, 1],
    ])
    photos.putFound([foundPhoto('/home/u/c.jpg'), foundPhoto('/home/u/pics/b.jpg')], { root: '/home/u', folding: EXACT })
    expect(tree().slice(0, 2)).toEqual([
      ['/home/u', null, 1, 3],
      ['/home/u/pics', '/home/u', 1, 2],
    ])
    // A root below a known folder hangs under it.
    photos.putFound([foundPhoto('/home/u/x/y/d.jpg')], { root: '/home/u/x/y', folding: EXACT })
    expect(tree().at(-1)).toEqual(['/home/u/x/y', '/home/u/x', 1, 1])
  })

  it('works at the very top of a disk', () => {
    const { photos } = openTestDatabase(tempFolder())
    photos.putFound([foundPhoto('/a.jpg'), foundPhoto('/d/b.jpg')], { root: '/', folding: EXACT })
    const [top] = photos.folders()
    expect(top).toMatchObject({ path: '/', name: '/', totalCount: 2 })
    expect(photos.list({ ...everything, folderId: top!.id }, 0, 10).total).toBe(2)
    expect(photos.under('/').map(({ path }) => path)).toEqual(['/a.jpg', '/d/b.jpg'])
  })

  it('forgets a folder with all below it and nothing beside it, and keeps the journal', () => {
    const { photos, journal } = openTestDatabase(tempFolder())
    photos.putFound([foundPhoto('/p/a/1.jpg'), foundPhoto('/p/a/b/2.jpg'), foundPhoto('/p/ab/3.jpg'), foundPhoto('/p/a.jpg')], {
      root: '/p',
      folding: EXACT,
    })
    const photoId = photos.findByPath('/p/a/b/2.jpg')!.id
    const writeId = journal.begin({
      photoId,
      path: '/p/a/b/2.jpg',
      targetPath: '/p/a/b/2.jpg',
      tempPath: '/p/a/b/.iws-1',
      timeMs: 1,
      run: journal.nextRun(),
      changes: [],
      models: [],
      planId: 1,
      hashBefore: null,
      hashAfter: null,
      before: {},
      after: {},
      toolVersions: {},
      kind: 'write',
      reverts: null,
      isPartial: false,
      promptHashes: [],
    })
    const folderId = photos.folders().find(({ path }) => path === '/p/a')!.id
    expect(photos.forgetFolder(folderId)).toBe(2)
    expect(photos.list(everything, 0, 10).items.map(({ path }) => path)).toEqual(['/p/a.jpg', '/p/ab/3.jpg'])
    expect(photos.folders().map(({ path }) => path)).toEqual(['/p', '/p/ab'])
    expect(journal.find(writeId)).toMatchObject({ photoId: null, path: '/p/a/b/2.jpg' })
    expect(() => photos.forgetFolder(folderId)).toThrow(expect.objectContaining({ code: 'folder-not-found' }))
    expect(() => photos.list({ ...everything, folderId }, 0, 1)).toThrow(expect.objectContaining({ code: 'folder-not-found' }))
  })
})

describe('listing', () => {
  const filled = () => {
    const database = openTestDatabase(tempFolder())
    const { photos, proposals } = database
    photos.putFound(
      ['/p/Zebra.jpg', '/p/apple.jpg', '/p/sub/MÜLLER_100%.jpg', '/p/sub/x_y.jpg', '/p-other/z.jpg'].map((path) => foundPhoto(path)),
      { root: '/', folding: EXACT },
    )
    const idOf = (path: string) => photos.findByPath(path)!.id
    proposals.add(
      newProposal(idOf('/p/apple.jpg'), {
        stage: 'keywords',
        text: null,
        keywords: [
          { keyword: 'Crème Brûlée', confidence: 0.9, source: 'object', level: 'propose' },
          { keyword: 'plate', confidence: 0.5, source: 'object', level: 'maybe' },
        ],
      }),
    )
    return { ...database, idOf }
  }

  it('is one folder or all below it, by name or path, page by page', () => {
    const { photos } = filled()
    const folderId = photos.folders().find(({ path }) => path === '/p')!.id
    expect(names(photos.list({ folderId, recursive: false, sort: 'path' }, 0, 10).items)).toEqual(['apple.jpg', 'Zebra.jpg'])
    const below: PhotoFilter = { folderId, recursive: true, sort: 'name' }
    expect(photos.list(below, 1, 2)).toMatchObject({ total: 4, items: [{ name: 'MÜLLER_100%.jpg' }, { name: 'x_y.jpg' }] })
    expect(photos.ids(below)).toHaveLength(4)
  })

  it('finds text in names and keywords without regard to case or normal form, and takes no character for a wildcard', () => {
    const { photos, proposals, decisions, idOf } = filled()
    const search = (text: string) => names(photos.list({ ...everything, text }, 0, 10).items)
    expect(search('müller')).toEqual(['MÜLLER_100%.jpg'])
    expect(search('u\u0308LL')).toEqual(['MÜLLER_100%.jpg'])
    expect(search('0%')).toEqual(['MÜLLER_100%.jpg'])
    expect(search('_')).toEqual(['MÜLLER_100%.jpg', 'x_y.jpg'])
    expect(search('BRÛLÉE')).toEqual(['apple.jpg'])
    expect(search('%')).toEqual(['MÜLLER_100%.jpg'])
    expect(search('nothing like it')).toEqual([])
    expect(search('  ')).toHaveLength(5)
    // A newer keyword proposal takes the older one's words away; a word given by hand is found as well.
    proposals.add(newProposal(idOf('/p/apple.jpg'), { stage: 'keywords', text: null, keywords: [] }))
    expect(search('plate')).toEqual([])
    decisions.put({
      photoId: idOf('/p/Zebra.jpg'),
      status: 'open',
      fields: {},
      keywords: [{ keyword: 'Savanna', verdict: 'add', origin: 'hand' }],
      keywordList: null,
    })
    expect(search('savanna')).toEqual(['Zebra.jpg'])
    decisions.undo(idOf('/p/Zebra.jpg'))
    expect(search('savanna')).toEqual([])
  })

  it('filters by state and puts photos without a capture time last', () => {
    const { photos, idOf } = filled()
    photos.setState([idOf('/p/apple.jpg'), idOf('/p-other/z.jpg')], 'approved')
    expect(names(photos.list({ ...everything, states: ['approved', 'failed'] }, 0, 10).items)).toEqual(['z.jpg', 'apple.jpg'])
    photos.putFacts(idOf('/p/sub/x_y.jpg'), facts('1', { takenAtMs: 5, takenAtOffsetMinutes: null }))
    photos.putFacts(idOf('/p-other/z.jpg'), facts('2', { takenAtMs: 9, takenAtOffsetMinutes: null }))
    expect(names(photos.list({ ...everything, sort: 'taken' }, 0, 3).items)).toEqual(['x_y.jpg', 'z.jpg', 'Zebra.jpg'])
  })
})
