/** What every command gets: how to open the studio, and how to turn paths into photos. */
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { PhotoSummary } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { AskedStudio, Studio } from '../lib/studio.ts'
import { createOutput, EXIT, noticeLine, type Output } from './output.ts'
import type { VramAnswers } from './vram-answers.ts'

export interface OpenOptions {
  /** Deployment profile for this command only. */
  profile?: string | undefined
  registryFile?: string | undefined
  /** Whether the proxy should listen; commands that propose need it. */
  proxy?: boolean
  proxyPort?: number | undefined
  /** Loads the profile's preload group at once. */
  preload?: boolean
  /** In an empty data folder that is gone afterwards: the models that ship or are in the registry file, and nothing of the library. */
  aside?: boolean
}

export interface CommandContext {
  openStudio(options?: OpenOptions): Promise<Studio>
  startBrowserHost(options: { paths: string[]; roots: string[]; port: number; open: boolean }): Promise<void>
  /** The studio that works in the data folder now, in another process; undefined when none answers. */
  runningStudio(): Promise<AskedStudio | undefined>
  /** Another registry file than the studio's own, by the words of the command line. */
  registryFile: string | undefined
  /** Address of the gateway of the studio that works in the data folder now, with `/v1`; undefined when none says so. */
  runningProxy(): string | undefined
  /** The token of the gateway, in the keychain. @throws StudioError `secret-missing` (data {reason}) when no keychain answers. */
  gatewayToken: {
    /** Null when none is kept. */
    kept(): Promise<string | null>
    /** Default: a new one. @throws StudioError `invalid-request`. */
    replace(token?: string): Promise<string>
    forget(): Promise<void>
  }
  /** Keys of servers elsewhere, in the keychain. @throws StudioError `invalid-request`, `secret-missing`. */
  apiKeys: { set(name: string, key: string): Promise<void>; clear(name: string): Promise<void> }
  /** Questions about memory that need no studio. */
  vram: VramAnswers
  /** Resolves when the user or the system asks this process to end. */
  untilStopped(): Promise<void>
  /** Aborted on the first Ctrl+C. */
  interrupted: AbortSignal
  setExitCode(code: number): void
}

export interface JsonOption {
  json?: boolean
}

type Body<S> = (studio: S, output: Output) => Promise<number>

async function carryOut<S extends AskedStudio>(context: CommandContext, json: JsonOption, studio: S, body: Body<S>): Promise<void> {
  const output = createOutput(json.json === true)
  context.setExitCode(await body(studio, output))
  const { notices } = await studio.handlers['app.info']({})
  for (const line of new Set(notices.map(noticeLine))) output.warn(line)
}

/** Opens the studio, runs the body, says what the studio noticed meanwhile, always stops the studio. */
export async function withStudio(context: CommandContext, json: JsonOption, options: OpenOptions, body: Body<Studio>): Promise<void> {
  const studio = await context.openStudio(options)
  try {
    await carryOut(context, json, studio, body)
  } finally {
    await studio.stop()
  }
}

/** The same by the studio that runs in the data folder, where one does; opened here otherwise. */
export async function askStudio(context: CommandContext, json: JsonOption, options: OpenOptions, body: Body<AskedStudio>): Promise<void> {
  const running = context.registryFile === undefined ? await context.runningStudio() : undefined
  return running ? carryOut(context, json, running, body) : withStudio(context, json, options, body)
}

/**
 * As `askStudio`, for questions about models that change nothing: beside a running studio another registry file is read in an empty
 * folder, under the running one's profile.
 */
export async function askAboutModels(context: CommandContext, json: JsonOption, body: Body<AskedStudio>): Promise<void> {
  const running = await context.runningStudio()
  if (running === undefined || context.registryFile === undefined) return askStudio(context, json, {}, body)
  const { active } = await running.handlers['profile.get']({})
  return withStudio(context, json, { aside: true, profile: active }, body)
}

/** Absolute and canonical, as the library knows paths; what is not there stays as it was typed. */
export function absolute(paths: readonly string[]): string[] {
  return paths.map((each) => {
    const typed = path.resolve(each)
    return existsSync(typed) ? realpathSync.native(typed) : typed
  })
}

/** Imports what is not known yet and returns the photos meant by the paths; complains about what could not be taken, and counts the named paths among it. */
export async function importPhotos(
  studio: AskedStudio,
  output: Output,
  paths: readonly string[],
  recursive: boolean,
): Promise<{ photos: PhotoSummary[]; unusable: number }> {
  const wanted = absolute(paths)
  const bar = output.progress('Importing')
  const summary = await studio.paths.importAll(wanted, recursive, ({ found }) => bar.update(found, found))
  bar.stop()
  for (const note of summary.notes) output.warn(`${note.path}: ${note.message}`)
  if (summary.noteCount > summary.notes.length) output.warn(`… and ${summary.noteCount - summary.notes.length} more.`)
  const photos = await studio.paths.photosUnder(wanted)
  const unusable = new Set(summary.notes.map((note) => note.path).filter((each) => wanted.includes(each))).size
  const isNamed = (photo: PhotoSummary) => {
    const folder = path.dirname(photo.path)
    return (
      wanted.includes(photo.path) || wanted.includes(folder) || (photo.pairedName !== null && wanted.includes(path.join(folder, photo.pairedName)))
    )
  }
  return { photos: recursive ? photos : photos.filter(isNamed), unusable }
}

/** Photos asked for at once. */
const PAGE = 1000

/** Photos that were imported before; without paths, all of them. @throws StudioError when a path names no known photo */
export async function knownPhotos(studio: AskedStudio, paths: readonly string[]): Promise<PhotoSummary[]> {
  if (paths.length === 0) {
    const all: PhotoSummary[] = []
    for (;;) {
      const { total, items } = await studio.handlers['library.photos']({ recursive: true, sort: 'path', offset: all.length, limit: PAGE })
      all.push(...items)
      if (items.length === 0 || all.length >= total) return all
    }
  }
  const found: PhotoSummary[] = []
  for (const each of absolute(paths)) {
    const here = await studio.paths.photosUnder([each])
    if (here.length === 0 && !existsSync(each)) throw new StudioError('path-missing', `there is nothing at ${each}`, { data: { path: each } })
    if (here.length === 0) throw new StudioError('photo-not-found', `no imported photo is at ${each}`, { data: { path: each } })
    found.push(...here.filter((photo) => !found.some((known) => known.id === photo.id)))
  }
  return found
}

export function exitFor(failed: number): number {
  return failed > 0 ? EXIT.someFailed : EXIT.done
}
