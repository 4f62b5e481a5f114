/** Earlier contents of the user's registry file, one small file a version, the newest twenty. */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { StudioError } from '../lib/studio-error.ts'
import { type LayerDocument, parseLayer } from '../registry/layers.ts'

const KEPT_VERSIONS = 20
const FILE_CAP_BYTES = 16 * 1024 * 1024
const FILE_NAME = /^(\d{8})\.json$/

const versionFile = z.object({ version: z.int().nonnegative(), time: z.iso.datetime(), changed: z.array(z.string()), document: z.looseObject({}) })

export interface RegistryVersion {
  /** Counts up; 0 is the content before the first change. */
  version: number
  /** ISO 8601, UTC. */
  time: string
  /** Names of the entries that differ from the version before. */
  changed: string[]
}

export interface RegistryHistory {
  /** Oldest first; files that cannot be read are left out. */
  list(): Promise<(RegistryVersion & { document: Record<string, unknown> })[]>
  add(before: LayerDocument | undefined, after: LayerDocument): Promise<void>
  /** @throws StudioError `registry-version-unknown` with data {version, known}. */
  get(version: number): Promise<LayerDocument>
}

export const documentOf = ({ rest, records }: LayerDocument): Record<string, unknown> => ({ ...rest, models: records })

function changedNames(before: LayerDocument, after: LayerDocument): string[] {
  const was = new Map(before.records.map((record) => [record.name, record]))
  const is = new Map(after.records.map((record) => [record.name, record]))
  return [...new Set([...was.keys(), ...is.keys()])].filter((name) => !isDeepStrictEqual(was.get(name), is.get(name))).sort()
}

export function createRegistryHistory(folder: string, nowMs: () => number): RegistryHistory {
  const fileOf = (version: number) => path.join(folder, `${String(version).padStart(8, '0')}.json`)

  const readVersion = async (version: number) => {
    try {
      const found = await stat(fileOf(version))
      if (!found.isFile() || found.size > FILE_CAP_BYTES) return undefined
      const parsed = versionFile.safeParse(JSON.parse(await readFile(fileOf(version), 'utf8')))
      return parsed.success && parsed.data.version === version ? parsed.data : undefined
    } catch {
      return undefined
    }
  }
  const numbers = async (): Promise<number[]> => {
    const names = await readdir(folder).catch(() => [] as string[])
    return names
      .flatMap((name) => FILE_NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  }
  const list = async () => (await Promise.all((await numbers()).map(readVersion))).filter((found) => found !== undefined)

  const store = async (version: number, document: LayerDocument, changed: string[]) => {
    await mkdir(folder, { recursive: true })
    const content = { version, time: new Date(nowMs()).toISOString(), changed, document: documentOf(document) }
    await writeFileAtomic(fileOf(version), `${JSON.stringify(content)}\n`, { mode: 0o600 })
  }

  return {
    list,
    async add(before, after) {
      const held = (await list()).at(-1)
      let next = ((await numbers()).at(-1) ?? -1) + 1
      const base = before ?? { records: [], rest: {} }
      // What was there and is in no version: the beginning, or a change by hand.
      if (!held || !isDeepStrictEqual(held.document, documentOf(base))) {
        const earlier = held ? parseLayer(JSON.stringify(held.document), `version ${held.version}`) : base
        await store(next, base, changedNames(earlier, base))
        next += 1
      }
      await store(next, after, changedNames(base, after))
      const stale = (await numbers()).slice(0, -KEPT_VERSIONS)
      await Promise.all(stale.map((version) => rm(fileOf(version), { recursive: true, force: true })))
    },
    async get(version) {
      const found = Number.isSafeInteger(version) && version >= 0 ? await readVersion(version) : undefined
      if (found) return parseLayer(JSON.stringify(found.document), `version ${version}`)
      const known = (await list()).map((entry) => entry.version)
      throw new StudioError('registry-version-unknown', `there is no version ${version} of the registry; kept: ${known.join(', ') || 'none'}`, {
        data: { version, known },
      })
    },
  }
}
