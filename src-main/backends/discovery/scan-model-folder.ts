/** A folder that a person named: GGUF files, and folders of safetensors, anywhere below it. */
import path from 'node:path'
import type { Found, FoundModel } from './found-model.ts'
import { listModelFiles, type ModelFile } from './model-folder.ts'
import { describeGgufFiles } from './scan-gguf.ts'
import { describeWeightFolder, isPartOfWeights } from './weight-folder.ts'

const FOLDERS_CAP = 500
const SOURCE = 'folder'
/** Of scopes: what a person no longer names is gone. */
export const MODEL_FOLDER_SCOPE = `${SOURCE}:`

const isGguf = (name: string) => /\.gguf$/i.test(name)

function byFolder(files: readonly ModelFile[]): [string, ModelFile[]][] {
  const folders = new Map<string, ModelFile[]>()
  for (const file of files) {
    const folder = path.dirname(file.path)
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  return [...folders].filter(([, inside]) => inside.some(({ path: file }) => path.basename(file) === 'config.json')).slice(0, FOLDERS_CAP)
}

async function describeFolders(files: readonly ModelFile[], scope: string, problems: string[]): Promise<FoundModel[]> {
  const found: FoundModel[] = []
  for (const [folder, inside] of byFolder(files)) {
    const place = {
      source: SOURCE,
      scope,
      repo: folder,
      title: path.basename(folder),
      digest: null,
      servedModelId: null,
      huggingFaceId: null,
    } as const
    try {
      found.push(...(await describeWeightFolder(inside, { ...place, path: folder }, problems)))
    } catch (error) {
      problems.push(`${folder}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
  }
  return found
}

/** @param folder Absolute. Never rejects. */
export async function scanModelFolder(folder: string): Promise<Found> {
  const scope = `${MODEL_FOLDER_SCOPE}${folder}`
  try {
    const { present, files, problems } = await listModelFiles(folder, (name) => isGguf(name) || isPartOfWeights(name))
    const gguf = files.filter(({ path: file }) => isGguf(file))
    const models = [
      ...(await describeGgufFiles(gguf, { folder, source: SOURCE, repoOf: () => null }, scope, problems)),
      ...(await describeFolders(
        files.filter((file) => !gguf.includes(file)),
        scope,
        problems,
      )),
    ]
    return { models, report: { scope, source: SOURCE, state: present ? 'read' : 'absent', models: models.length, problems } }
  } catch (error) {
    const problem = `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`
    return { models: [], report: { scope, source: SOURCE, state: 'failed', models: 0, problems: [problem] } }
  }
}
