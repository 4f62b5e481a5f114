/** The Hugging Face cache: `models--<owner>--<name>/snapshots/<commit>/`, whose files are links into the repository's own `blobs`. */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Found, FoundModel } from './found-model.ts'
import { listModelFiles } from './model-folder.ts'
import { describeGgufFiles } from './scan-gguf.ts'
import { describeWeightFolder, isPartOfWeights } from './weight-folder.ts'

const REPOSITORIES_CAP = 500
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

const isWanted = (name: string) => isPartOfWeights(name) || /\.gguf$/i.test(name)

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
  const place = { source: 'huggingface', scope, repo, title: repo.split('/')[1] ?? repo, servedModelId: repo, huggingFaceId: repo } as const
  // The commit names exactly these files.
  return [...models, ...(await describeWeightFolder(top, { ...place, digest: commit, path: snapshot }, problems))]
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
