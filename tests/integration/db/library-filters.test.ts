/** Filters and orders of the library beyond names: stars, time, camera, model, gate, keyword; folders that are followed. */
import { describe, expect, it } from 'vitest'
import type { PhotoFilter } from '../../../src-main/contract/model.ts'
import type { PhotoFacts, PhotoMarks } from '../../../src-main/library/ports.ts'
import { foundPhoto, newProposal, openTestDatabase } from '../../helpers/database-samples.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const DAY_MS = 86_400_000
const facts = (more: Partial<PhotoFacts> = {}): PhotoFacts => ({
  contentHash: Math.random().toString(16),
  width: 40,
  height: 30,
  orientation: 1,
  takenAtMs: null,
  takenAtOffsetMinutes: null,
  gps: null,
  ...more,
})
const marks = (more: Partial<PhotoMarks> = {}): PhotoMarks => ({ camera: null, rating: null, keywords: [], ...more })

function library() {
  const { photos, proposals } = openTestDatabase(tempFolder())
  const { ids } = photos.putFound(['a', 'b', 'c', 'd'].map((name) => foundPhoto(`/p/${name}.jpg`)))
  const [a, b, c, d] = ids as [number, number, number, number]
  const names = (filter: Partial<PhotoFilter>) => {
    const whole = { recursive: true, sort: 'path' as const, ...filter }
    const listed = photos.list(whole, 0, 10).items
    expect(photos.ids(whole)).toEqual(listed.map((photo) => photo.id))
    return listed.map((photo) => photo.name[0]).join('')
  }
  return { photos, proposals, names, a, b, c, d }
}

describe('filtering', () => {
  it('by stars takes the sidecar before the photo, and none as zero', () => {
    const { photos, names, a, b, c } = library()
    photos.putFacts(a, facts(), marks({ rating: 2 }))
    photos.putFacts(b, facts(), marks({ rating: 5 }))
    photos.putFacts(c, facts(), marks({ rating: -1 }))
    photos.putFound([foundPhoto('/p/a.jpg', { sidecar: { mtimeMs: 1, rating: 4, keywords: ['Harbour'] } })])
    expect(photos.find(a)).toMatchObject({ rating: 4, sidecar: true })
    expect(names({ rating: { from: 4, to: 5 } })).toBe('ab')
    expect(names({ rating: { from: 0, to: 0 } })).toBe('d')
    expect(names({ rating: { from: -1, to: -1 } })).toBe('c')
    expect(names({ sort: 'rating', descending: true })).toBe('badc')
    // The sidecar was taken away: the photo's own stars count again, and its words are gone.
    photos.putFound([foundPhoto('/p/a.jpg', { sidecar: null })])
    expect(photos.find(a)).toMatchObject({ rating: 2, sidecar: false })
    expect(names({ keyword: 'harbour' })).toBe('')
  })

  it('by a sidecar that nobody looked for keeps what is known', () => {
    const { photos, a } = library()
    photos.putFound([foundPhoto('/p/a.jpg', { sidecar: { mtimeMs: 1, rating: 4, keywords: [] } })])
    photos.putFound([foundPhoto('/p/a.jpg')])
    expect(photos.find(a)).toMatchObject({ rating: 4, sidecar: true })
  })

  it('by keyword wants the whole word, in the file, in the sidecar, proposed or given', () => {
    const { photos, proposals, names, a, b, c } = library()
    photos.putFacts(a, facts(), marks({ keywords: ['Boat'] }))
    photos.putFound([foundPhoto('/p/b.jpg', { sidecar: { mtimeMs: 1, rating: null, keywords: ['boat'] } })])
    proposals.add(
      newProposal(c, { stage: 'keywords', text: null, keywords: [{ keyword: 'Boathouse', confidence: null, source: 'model', level: 'propose' }] }),
    )
    expect(names({ keyword: 'BOAT' })).toBe('ab')
    expect(names({ text: 'boat' })).toBe('abc')
    expect(photos.keywordsLike('boat', 10)).toEqual(['boat', 'boathouse'])
    expect(photos.keywordsLike('hous', 10)).toEqual(['boathouse'])
    // A file that changed is looked at again, and says what it says now.
    photos.putFacts(a, facts(), marks({ keywords: [] }))
    expect(names({ keyword: 'boat' })).toBe('b')
    expect(photos.find(b)?.sidecar).toBe(true)
  })

  it('by day goes by the clock of the camera, not by the one in Greenwich', () => {
    const { photos, names, a, b } = library()
    const midnight = Date.UTC(2024, 4, 2)
    // 00:30 on 2 May in Auckland is still 1 May in Greenwich.
    photos.putFacts(a, facts({ takenAtMs: midnight + 30 * 60_000 - 12 * 3_600_000, takenAtOffsetMinutes: 720 }))
    photos.putFacts(b, facts({ takenAtMs: midnight - 1, takenAtOffsetMinutes: null }))
    expect(names({ taken: { fromMs: midnight, toMs: midnight + DAY_MS } })).toBe('a')
    expect(names({ taken: { toMs: midnight } })).toBe('b')
    expect(names({ taken: {} })).toBe('ab')
  })

  it('by camera, model and gate, and names what there is to choose', () => {
    const { photos, proposals, names, a, b, c } = library()
    photos.putFacts(a, facts(), marks({ camera: 'Canon EOS R5' }))
    photos.putFacts(b, facts(), marks({ camera: 'SONY ILCE-7M4' }))
    proposals.add(newProposal(a, { model: 'basic-facts' }))
    proposals.add(newProposal(b, { model: 'qwen', gates: ['too-long', 'repetition'] }))
    proposals.add(newProposal(c, { model: 'qwen', gates: ['refusal'] }))
    expect(photos.facets()).toEqual({
      cameras: ['Canon EOS R5', 'SONY ILCE-7M4'],
      models: ['basic-facts', 'qwen'],
      gates: ['refusal', 'repetition', 'too-long'],
    })
    expect(names({ camera: 'SONY ILCE-7M4' })).toBe('b')
    expect(names({ model: 'qwen' })).toBe('bc')
    expect(names({ gate: 'any' })).toBe('bc')
    expect(names({ gate: 'repetition' })).toBe('b')
    // A newer proposal without the fault takes its place.
    proposals.add(newProposal(b, { model: 'qwen', gates: [] }))
    expect(names({ gate: 'repetition' })).toBe('')
    expect(names({ gate: 'any' })).toBe('c')
  })

  it('puts photos without a time last in both directions', () => {
    const { photos, names, a, c } = library()
    photos.putFacts(a, facts({ takenAtMs: 5 }))
    photos.putFacts(c, facts({ takenAtMs: 9 }))
    expect(names({ sort: 'taken' })).toBe('acbd')
    expect(names({ sort: 'taken', descending: true }).slice(0, 2)).toBe('ca')
    expect(names({ sort: 'added', descending: true })).toBe('dcba')
  })
})

describe('folders', () => {
  it('remember that they are watched and when they were opened, also when they are imported again', () => {
    const { photos } = library()
    const folder = () => photos.folders()[0]!
    expect(folder()).toMatchObject({ watched: false, openedAtMs: null })
    photos.setWatched(folder().id, true)
    photos.noteImported(['/p', '/nowhere'])
    photos.putFound([foundPhoto('/p/e.jpg')])
    expect(folder().watched).toBe(true)
    expect(folder().openedAtMs).toBeGreaterThan(1_600_000_000_000)
    expect(() => photos.noteOpened(99)).toThrow(expect.objectContaining({ code: 'folder-not-found' }))
  })
})
