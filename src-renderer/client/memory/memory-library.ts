/** The data of the library in memory: folders, photos, what their files hold, proposals, decisions, journal. */
import type {
  Decision,
  Folder,
  JournalEntry,
  MetadataSnapshot,
  PhotoFilter,
  PhotoState,
  PhotoSummary,
  Plan,
  Proposal,
  Stage,
} from '../../../src-main/contract/model.ts'
import { contentHashOf, makeProposal } from './memory-words.ts'

export type Scene = 'empty' | 'full' | 'failing'

export interface MemoryPhoto {
  summary: PhotoSummary
  file: MetadataSnapshot
  proposals: Partial<Record<Stage, Proposal>>
  /** Answers that are not the newest of their stage. */
  earlier: Proposal[]
  decision: Decision
  undo: Decision[]
  redo: Decision[]
}

export interface MemoryLibrary {
  folders: Folder[]
  photos: Map<number, MemoryPhoto>
  plans: Map<number, Plan>
  /** Newest first. */
  journal: JournalEntry[]
  before: Map<number, MetadataSnapshot>
  nextId(): number
}

const FOLDERS = [
  { id: 1, parentId: null, name: 'Iceland 2024' },
  { id: 2, parentId: 1, name: 'Highlands' },
  { id: 3, parentId: 1, name: 'Reykjavík' },
  { id: 4, parentId: null, name: 'Family' },
] as const
const LEAVES = [2, 3, 4] as const

const emptySnapshot = (): MetadataSnapshot => ({
  title: null,
  description: null,
  altText: null,
  extendedDescription: null,
  keywords: [],
  hierarchicalKeywords: [],
  monoVerdict: null,
  monoMode: null,
  monoStrictness: null,
  sources: {},
  conflicts: [],
})

export const openDecision = (photoId: number): Decision => ({ photoId, status: 'open', fields: {}, keywords: [], keywordList: null })

function startState(index: number, scene: Scene): PhotoState {
  if (scene === 'failing') return index % 3 === 0 ? 'failed' : 'proposed'
  return index < 12 ? 'proposed' : index < 15 ? 'approved' : index < 18 ? 'written' : index === 18 ? 'rejected' : 'untagged'
}

export function createMemoryLibrary(scene: Scene, photoCount: number): MemoryLibrary {
  let lastId = 1000
  const library: MemoryLibrary = { folders: [], photos: new Map(), plans: new Map(), journal: [], before: new Map(), nextId: () => ++lastId }
  if (scene !== 'empty') fillLibrary(library, scene, photoCount)
  return library
}

export function fillLibrary(library: MemoryLibrary, scene: Scene, photoCount: number): void {
  for (let index = 0; index < photoCount; index += 1) addPhoto(library, index, scene)
  library.folders = FOLDERS.map((folder) => {
    const inside = (ids: readonly number[]) => [...library.photos.values()].filter((photo) => ids.includes(photo.summary.folderId)).length
    const below = FOLDERS.filter((each) => each.parentId === folder.id).map((each) => each.id)
    return {
      ...folder,
      path: `/photos/${folder.id === 2 || folder.id === 3 ? 'Iceland 2024/' : ''}${folder.name}`,
      photoCount: inside([folder.id]),
      totalCount: inside([folder.id, ...below]),
      watched: false,
      openedAtMs: null,
    }
  })
}

function addPhoto(library: MemoryLibrary, index: number, scene: Scene): void {
  const id = index + 1
  const folder = FOLDERS.find((each) => each.id === LEAVES[index % LEAVES.length])!
  const state = startState(index, scene)
  const isRaw = index % 7 === 3
  const name = `DSC_${String(4021 + index).padStart(4, '0')}.${isRaw ? 'NEF' : 'JPG'}`
  const damaged = index % 17 === 16 || (scene === 'failing' && index % 6 === 0)
  const gated = state === 'proposed' && index % 9 === 5
  const file = emptySnapshot()
  if (index % 2 === 0) {
    file.title = index % 4 === 0 ? 'Boats in the harbour' : null
    file.keywords = ['Iceland', 'boat']
    file.sources = { keywords: ['IPTC:Keywords', 'XMP-dc:Subject'], ...(file.title === null ? {} : { title: ['XMP-dc:Title'] }) }
  }
  const proposals: MemoryPhoto['proposals'] = {}
  if (state !== 'untagged' && state !== 'failed') {
    for (const stage of ['caption', 'keywords', 'description'] as const)
      proposals[stage] = makeProposal(library.nextId(), id, stage, 1, 'embedded', gated)
  }
  library.photos.set(id, {
    summary: {
      id,
      folderId: folder.id,
      name,
      path: `/photos/${folder.name}/${name}`,
      kind: isRaw ? 'raw' : 'jpeg',
      state: damaged && scene === 'failing' ? 'failed' : state,
      sizeBytes: 8_400_000 + index * 13_000,
      width: damaged ? null : 6000,
      height: damaged ? null : 4000,
      takenAtMs: 1_717_000_000_000 + index * 840_000,
      contentHash: contentHashOf(id),
      pairedName: isRaw ? name.replace('.NEF', '.JPG') : null,
      duplicateOf: index === 21 ? 2 : null,
      rating: index % 8 === 2 ? 4 : 0,
      sidecar: isRaw && index % 2 === 1,
      gated,
      problem: damaged ? { code: 'photo-damaged', message: 'The picture data ends early.', data: {} } : null,
    },
    file,
    proposals,
    earlier: [],
    decision: { ...openDecision(id), status: state === 'approved' || state === 'written' ? 'approved' : state === 'rejected' ? 'rejected' : 'open' },
    undo: [],
    redo: [],
  })
}

export function matching(library: MemoryLibrary, filter: PhotoFilter): PhotoSummary[] {
  const folderIds = new Set<number>()
  if (filter.folderId !== undefined) {
    folderIds.add(filter.folderId)
    if (filter.recursive) for (const each of library.folders) if (each.parentId === filter.folderId) folderIds.add(each.id)
  }
  const text = filter.text?.toLowerCase() ?? ''
  const hits = [...library.photos.values()].filter(({ summary, file }) => {
    if (folderIds.size > 0 && !folderIds.has(summary.folderId)) return false
    if (filter.states && filter.states.length > 0 && !filter.states.includes(summary.state)) return false
    if (filter.rating && (summary.rating < filter.rating.from || summary.rating > filter.rating.to)) return false
    if (filter.gate !== undefined && !summary.gated) return false
    if (filter.keyword !== undefined && !file.keywords.some((keyword) => keyword.toLowerCase() === filter.keyword?.toLowerCase())) return false
    if (filter.taken && summary.takenAtMs !== null) {
      if (summary.takenAtMs < (filter.taken.fromMs ?? 0) || summary.takenAtMs >= (filter.taken.toMs ?? Number.MAX_SAFE_INTEGER)) return false
    }
    return text === '' || summary.name.toLowerCase().includes(text) || file.keywords.some((keyword) => keyword.toLowerCase().includes(text))
  })
  const found = hits.map((photo) => photo.summary)
  if (filter.sort === 'rating') found.sort((a, b) => a.rating - b.rating)
  return filter.descending ? found.reverse() : found
}
