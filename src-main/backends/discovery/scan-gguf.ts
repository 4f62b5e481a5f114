/** GGUF files in a folder: single ones, those in several parts, and the projector beside them that lets a model see. */
import path from 'node:path'
import { compact, type Found, type FoundModel, type FoundSource } from './found-model.ts'
import {
  architectureNameOf,
  architectureOf,
  generatesText,
  headerOf,
  isProjector,
  projectionWidthOf,
  quantizationOf,
  visionTowerOf,
} from './gguf-facts.ts'
import { type GgufHeader, readGgufHeader } from './gguf-header.ts'
import { listModelFiles, type ModelFile } from './model-folder.ts'

const PART = /-(\d{5})-of-(\d{5})\.gguf$/i
const FILES_CAP = 500

interface Opened {
  file: ModelFile
  header: GgufHeader
}

/** All parts of a model by the name of the first. */
function groupParts(opened: readonly Opened[]): Opened[][] {
  const groups = new Map<string, Opened[]>()
  for (const one of opened) {
    const key = one.file.path.replace(PART, '-of-$2')
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => group.sort((a, b) => (a.file.path < b.file.path ? -1 : 1)))
}

function isComplete(group: readonly Opened[]): boolean {
  const parts = Number(PART.exec(group[0]?.file.path ?? '')?.[2] ?? 1)
  return group.length === parts
}

const sharedStart = (a: string, b: string) => {
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i += 1
  return i
}
const bareName = (file: ModelFile) =>
  path
    .basename(file.path)
    .toLowerCase()
    .replace(/^mmproj[-_.]?/, '')

/**
 * The projector of the same folder that fits: its tokens as wide as the model's; of several the one named most alike, then the smallest.
 * A folder whose projectors all belong to other models gives none.
 */
function projectorFor(model: Opened, candidates: readonly Opened[]): Opened | undefined {
  const width = architectureOf(model.header.metadata, null)?.hidden_size
  const fitting = candidates.filter(({ file, header }) => {
    if (path.dirname(file.path) !== path.dirname(model.file.path)) return false
    const projected = projectionWidthOf(header.metadata)
    return projected === undefined || width === undefined || projected % width === 0
  })
  const alike = (one: Opened) => sharedStart(bareName(one.file), bareName(model.file))
  return fitting.sort((a, b) => alike(b) - alike(a) || a.file.sizeBytes - b.file.sizeBytes || (a.file.path < b.file.path ? -1 : 1))[0]
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

export interface GgufFolder {
  folder: string
  source: FoundSource
  /** Repository `owner/name` of a file by its path below the folder; null when the folder does not tell. */
  repoOf(relative: string): string | null
}

function describe(group: readonly Opened[], projectors: readonly Opened[], place: GgufFolder, scope: string): FoundModel[] {
  const [first] = group
  if (!first || !generatesText(first.header.metadata)) return []
  const { metadata } = first.header
  const projector = projectorFor(first, projectors)
  const parameters = sum([...group, ...(projector ? [projector] : [])].map(({ header }) => header.parameters))
  const vision = projector && {
    ...visionTowerOf(projector.header.metadata),
    params_million: Math.round(projector.header.parameters / 1e5) / 10,
  }
  const repo = place.repoOf(first.file.relative)
  return [
    {
      source: place.source,
      scope,
      repo: repo ?? path.dirname(first.file.path),
      file: path.basename(first.file.path),
      backend: 'llamacpp',
      title: path
        .basename(first.file.path)
        .replace(PART, '')
        .replace(/\.gguf$/i, ''),
      quantization: quantizationOf(metadata),
      digest: null,
      servedModelId: null,
      aliases: [],
      huggingFaceId: repo,
      path: first.file.path,
      config: { model_path: first.file.path, ...(projector ? { mmproj_path: projector.file.path } : {}) },
      sizeBytes: sum([...group, ...(projector ? [projector] : [])].map(({ file }) => file.sizeBytes)),
      architecture: compact({ ...architectureOf(metadata, parameters || null), ...(vision ? { vision } : {}) }) ?? null,
      header: headerOf(metadata, parameters || null),
      family: architectureNameOf(metadata),
      sees: projector !== undefined && projector.header.metadata.get('clip.has_vision_encoder') !== false,
      generates: true,
    },
  ]
}

/** Models of GGUF files that were listed already. */
export async function describeGgufFiles(files: readonly ModelFile[], place: GgufFolder, scope: string, problems: string[]): Promise<FoundModel[]> {
  const opened: Opened[] = []
  for (const file of files.slice(0, FILES_CAP)) {
    try {
      opened.push({ file, header: await readGgufHeader(file.realPath) })
    } catch (error) {
      problems.push(`${file.relative}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
  }
  if (files.length > FILES_CAP) problems.push(`only the first ${FILES_CAP} GGUF files were looked at`)
  const projectors = opened.filter(({ header }) => isProjector(header.metadata))
  return groupParts(opened.filter((one) => !projectors.includes(one))).flatMap((group) => {
    if (isComplete(group)) return describe(group, projectors, place, scope)
    problems.push(`${group[0]?.file.relative}: some of its parts are missing`)
    return []
  })
}

export async function scanGgufFolder(place: GgufFolder): Promise<Found> {
  const { folder, source } = place
  const scope = `${source}:${folder}`
  try {
    const { present, files, problems } = await listModelFiles(folder, (name) => /\.gguf$/i.test(name))
    const models = await describeGgufFiles(files, place, scope, problems)
    return { models, report: { scope, source, state: present ? 'read' : 'absent', models: models.length, problems } }
  } catch (error) {
    const problem = `${folder} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`
    return { models: [], report: { scope, source, state: 'failed', models: 0, problems: [problem] } }
  }
}

/** LM Studio keeps `<owner>/<name>/<file>.gguf`. */
export function ownerAndName(relative: string): string | null {
  const [owner, name, file] = relative.split('/')
  return owner && name && file ? `${owner}/${name}` : null
}
