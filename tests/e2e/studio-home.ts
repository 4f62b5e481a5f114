/** A working copy of the fixture photos and a data folder of its own, both gone when the suite ends. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')
export const fixtures = path.join(root, 'tests', 'fixtures', 'photos')

export interface StudioHome {
  folder: string
  photos: string
  data: string
  environment: NodeJS.ProcessEnv
  remove(): void
}

/** @param names Fixture paths to copy; all of them when left out. */
export function makeHome(names?: readonly string[]): StudioHome {
  const folder = realpathSync.native(mkdtempSync(path.join(os.tmpdir(), 'imageworks-e2e-')))
  const photos = path.join(folder, 'photos')
  const data = path.join(folder, 'data')
  mkdirSync(photos)
  if (names) for (const name of names) cpSync(path.join(fixtures, name), path.join(photos, path.basename(name)))
  else cpSync(fixtures, photos, { recursive: true })
  return {
    folder,
    photos,
    data,
    // No Ollama, no port that somebody else may hold: the embedded model alone.
    environment: { ...process.env, IMAGEWORKS_HOME: data, OLLAMA_HOST: '127.0.0.1:9', IMAGEWORKS_DEPLOYMENT_PROFILE: '' },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
  rows: Record<string, unknown>[]
}

/** Runs the built command line; `rows` are the lines of stdout that are JSON. */
export function imageworks(home: StudioHome, ...words: string[]): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'out/main/cli.js'), ...words], {
    cwd: home.folder,
    env: home.environment,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const rows = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
  return { code: status, stdout, stderr, rows }
}

export function hasTool(name: string): boolean {
  return spawnSync(name, ['-ver'], { stdio: 'ignore' }).error === undefined
}

const TOUCHED_BY_ANY_WRITE = /^\[(System|File|ExifTool)\]|XMPToolkit|IPTCDigest/

/** Every tag of a file by the system's own ExifTool, without what names the file itself. */
export function allTags(file: string): string[] {
  const { stdout } = spawnSync('exiftool', ['-a', '-G1', '-s', '-D', file], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !TOUCHED_BY_ANY_WRITE.test(line))
    .map((line) => line.trimEnd())
}

/** Hash of the image data alone. The one of Debian may be too old to know it; then undefined. */
export function imageDataHash(file: string): string | undefined {
  const { stdout } = spawnSync('exiftool', ['-s3', '-api', 'RequestTags=ImageDataHash', '-ImageDataHash', file], { encoding: 'utf8' })
  return stdout.trim() || undefined
}

export function tagOf(file: string, tag: string): string {
  return spawnSync('exiftool', ['-s3', `-${tag}`, file], { encoding: 'utf8' }).stdout.trim()
}

export function exivOf(file: string, key: string): string {
  return spawnSync('exiv2', ['-K', key, '-Pt', 'print', file], { encoding: 'utf8' }).stdout.trim()
}
