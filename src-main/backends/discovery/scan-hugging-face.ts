/** The Hugging Face cache: `models--<owner>--<name>/snapshots/<commit>/`, whose files are links into the repository's own `blobs`. */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Found, FoundModel } from './found-model.ts'
import { architectureOf, familyOf, generatesText, headerOf, quantizationOf, seesPictures } from './hf-config.ts'
import { listModelFiles, type ModelFile } from './model-folder.ts'
import { readWeightSet } from './safetensors-weights.ts'
import { describeGgufFiles } from './scan-gguf.ts'

const REPOSITORIES_CAP = 500
const CONFIG_CAP_BYTES = 4 * 1024 * 1024
const REPOSITORY = /^models--([A-Za-z0-9][A-Za-z0-9._-]*)--([A-Za-z0-9][A-Za-z0-9._-]*)$/
const COMMIT = /^[0-9a-f]{7,64}$/

/** The commit that `main` points to, else the newest snapshot. */
async function findSnapshot(repository: string): Promise<string | undefined> {
  const folder = path.join(repository, 'snapshots')
  const names = (await readdir(folder).catch(() => [] as string[])).filter((name) => COMMIT.test(name))
  const main = await readFile(path.join(repository, 'refs', 'main'), 'utf8').catch(() => '')
  if (names.includes(main.trim())) return main.trim()
  const dated = await Promise.all(names.map(async (name) => ({ name, mtimeMs: (await stat(path.join(folder, name))).mtimeMs })))
  return dated.sort((a, b) => b.mtimeMs - a.mtimeMs || (a.name < b.name ? -1 : 1))[0]?.name
}

async function readConfig(files: readonly ModelFile[]): Promise<Record<string, unknown> | undefined> {
  const config = files.find(({ relative }) => relative === 'config.json')
  if (!config || config.sizeBytes > CONFIG_CAP_BYTES) return undefined
  const parsed: unknown = JSON.parse(await readFile(config.realPath, 'utf8'))
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined
}

const isWanted = (name: string) =>
  name === 'config.json' || name.endsWith('.safetensors') || name === 'model.safetensors.index.json' || /\.gguf$/i.test(name)

async function scanRepository(repository: string, repo: string, scope: string, problems: string[]): Promise<FoundModel[]> {
  const commit = await findSnapshot(repository)
  if (commit === undefined) return []
  const snapshot = path.join(repository, 'snapshots', commit)
  const listing = await listModelFiles(snapshot, isWanted, repository)
  problems.push(...listing.problems.map((problem) => `${repo}: ${problem}`))
  // Weights lie at the top of a repository; folders below hold other exports of it.
  const top = listing.files.filter(({ relative }) => !relative.includes('/'))
  const ggufFiles = listing.files.filter(({ relative }) => /\.gguf$/i.test(relative))
  const models = await describeGgufFiles(ggufFiles, { folder: snapshot, source: 'huggingface', repoOf: () => repo }, scope, problems)
  const [config, weights] = [await readConfig(top), await readWeightSet(top, problems)]
  if (!config || !weights || !generatesText(config)) return models
  return [
    ...models,
    {
      source: 'huggingface',
      scope,
      repo,
      file: null,
      backend: 'vllm',
      title: repo.split('/')[1] ?? repo,
      quantization: quantizationOf(config),
      // The commit names exactly these files.
      digest: commit,
      servedModelId: repo,
      aliases: [],
      huggingFaceId: repo,
      path: snapshot,
      config: {},
      sizeBytes: weights.sizeBytes,
      architecture: architectureOf(config, weights.parameters) ?? null,
      header: headerOf(config),
      family: familyOf(config),
      sees: seesPictures(config),
      generates: true,
    },
  ]
}

export async function scanHuggingFaceCache(folder: string): Promise<Found> {
  const scope = `huggingface:${folder}`
  const problems: string[] = []
  let names: string[]
  try {
    names = (await readdir(folder)).sort()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const state = code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'failed'
    return {
      models: [],
      report: { scope, source: 'huggingface', state, models: 0, problems: state === 'failed' ? [`${folder} cannot be read (${code})`] : [] },
    }
  }
  const models: FoundModel[] = []
  for (const name of names.slice(0, REPOSITORIES_CAP)) {
    const [, owner, repository] = REPOSITORY.exec(name) ?? []
    if (owner === undefined || repository === undefined) continue
    const repo = `${owner}/${repository}`
    try {
      models.push(...(await scanRepository(path.join(folder, name), repo, scope, problems)))
    } catch (error) {
      problems.push(`${repo}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
  }
  return { models, report: { scope, source: 'huggingface', state: 'read', models: models.length, problems } }
}
