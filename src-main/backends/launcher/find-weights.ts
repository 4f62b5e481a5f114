/** Where the weights of an entry lie on this machine, for servers that load files themselves. Nothing is ever downloaded. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { StudioError } from '../../lib/studio-error.ts'
import { huggingFaceIdOf, type RegistryEntry } from '../../registry/entry.ts'
import type { Environment } from '../ports.ts'

export interface Weights {
  /** A file or folder, or the id of a model in the Hugging Face cache. */
  model: string
  mmproj: string | undefined
}

const HUB_ID = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._-]{0,95}(\/[A-Za-z0-9_](?!.*\.\.)[A-Za-z0-9._-]{0,95})?$/
const CONTROL = /\p{Cc}/u

function missing(entry: RegistryEntry, reason: string, remedy: string): StudioError {
  return new StudioError('weights-missing', `${entry.name} cannot be started: ${reason}`, { data: { name: entry.name, reason, remedy } })
}

/** Absolute, so that neither a flag nor a name relative to some folder gets through. */
function checkedPath(entry: RegistryEntry, given: string, field: string): string {
  if (!path.isAbsolute(given) || CONTROL.test(given)) {
    throw missing(entry, `${field} is not an absolute path`, `Give the whole path of the weights in ${field}.`)
  }
  return path.normalize(given)
}

const kindOf = (file: string) =>
  stat(file).then(
    (found) => (found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other'),
    () => 'none',
  )

/** Where the Hugging Face libraries keep what was downloaded, by their own variables. */
export function hubCacheFolder(environment: Environment): string | undefined {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HOME, USERPROFILE } = environment
  const direct = HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE
  if (direct) return direct
  if (HF_HOME) return path.join(HF_HOME, 'hub')
  if (XDG_CACHE_HOME) return path.join(XDG_CACHE_HOME, 'huggingface', 'hub')
  const home = HOME ?? USERPROFILE
  return home ? path.join(home, '.cache', 'huggingface', 'hub') : undefined
}

async function inHubCache(id: string, environment: Environment): Promise<boolean> {
  const cache = hubCacheFolder(environment)
  if (cache === undefined) return false
  const snapshots = path.join(cache, `models--${id.replaceAll('/', '--')}`, 'snapshots')
  const revisions = await readdir(snapshots).catch(() => [])
  const complete = await Promise.all(revisions.map((revision) => kindOf(path.join(snapshots, revision, 'config.json'))))
  return complete.includes('file')
}

async function findGguf(entry: RegistryEntry, given: string | undefined): Promise<Weights> {
  const remedy = "Get the model's GGUF file and give its path in backend_config.model_path."
  if (given === undefined) throw missing(entry, 'it names no GGUF file', remedy)
  const kind = await kindOf(given)
  const inFolder = kind === 'folder' ? (await readdir(given)).filter((name) => name.toLowerCase().endsWith('.gguf')).sort() : []
  const projector = inFolder.find((name) => name.toLowerCase().startsWith('mmproj'))
  // Of a model in parts the first one is named; the program finds the others.
  const models = inFolder.filter((name) => name !== projector && !/-0*(?!0*1-)\d+-of-\d+\.gguf$/i.test(name))
  const chosen = kind === 'file' && given.toLowerCase().endsWith('.gguf') ? given : models.length === 1 ? path.join(given, models[0]!) : undefined
  if (models.length > 1) throw missing(entry, `its folder holds ${models.length} GGUF models`, 'Name one of them in backend_config.model_path.')
  if (chosen === undefined) throw missing(entry, 'its GGUF file is not there', remedy)
  const mmproj = entry.backend_config.mmproj_path
  if (mmproj) {
    const file = checkedPath(entry, mmproj, 'backend_config.mmproj_path')
    if ((await kindOf(file)) !== 'file') throw missing(entry, 'its vision projector is not there', 'Get the mmproj file that belongs to the model.')
    return { model: chosen, mmproj: file }
  }
  return { model: chosen, mmproj: projector === undefined ? undefined : path.join(given, projector) }
}

/** @throws StudioError `weights-missing` with the reason and how to get them. */
export async function findWeights(entry: RegistryEntry, kind: 'gguf' | 'folder', environment: Environment): Promise<Weights> {
  const named = entry.backend_config.model_path ?? entry.download_path
  const given = named ? checkedPath(entry, named, entry.backend_config.model_path ? 'backend_config.model_path' : 'download_path') : undefined
  if (kind === 'gguf') return findGguf(entry, given)
  if (given !== undefined) {
    if ((await kindOf(path.join(given, 'config.json'))) === 'file') return { model: given, mmproj: undefined }
    throw missing(entry, 'its folder of weights is not there or holds no config.json', 'Get the weights again, or correct backend_config.model_path.')
  }
  const id = huggingFaceIdOf(entry)
  if (id === null || !HUB_ID.test(id)) throw missing(entry, 'it names no weights', 'Give the folder of the weights in backend_config.model_path.')
  if (await inHubCache(id, environment)) return { model: id, mmproj: undefined }
  throw missing(entry, `the weights of ${id} are not on this machine`, `Download them, for example with: hf download ${id}`)
}
