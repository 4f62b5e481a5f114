/** What works on this machine, what is missing, and how to get it. Everything is looked at when asked, never at start. */
import { statfs } from 'node:fs/promises'
import type { DoctorCheck } from '../contract/routes/app.ts'
import type { Gpu } from '../contract/model.ts'

export interface DoctorParts {
  dataFolder: string
  exiftoolVersion(): Promise<string>
  decode(): Promise<string>
  gpus(): Promise<Gpu[]>
  ollama(): Promise<{ running: boolean; baseUrl: string; visionModels: string[] }>
  proxy(): { url: string | null; note: string | null }
  modelsFor(role: string): Promise<{ name: string }[]>
}

const LOW_SPACE_BYTES = 2 * 1024 ** 3

async function checkOf(name: string, missingRemedy: string, look: () => Promise<Omit<DoctorCheck, 'name'>>): Promise<DoctorCheck> {
  try {
    return { name, ...(await look()) }
  } catch (error) {
    return { name, state: 'missing', detail: error instanceof Error ? error.message : String(error), remedy: missingRemedy }
  }
}

const ok = (detail: string): Omit<DoctorCheck, 'name'> => ({ state: 'ok', detail, remedy: null })

export function runDoctor(parts: DoctorParts): Promise<DoctorCheck[]> {
  return Promise.all([
    checkOf('Data folder', 'Choose another folder with IMAGEWORKS_HOME.', async () => {
      const { bavail, bsize } = await statfs(parts.dataFolder)
      const freeBytes = bavail * bsize
      const detail = `${parts.dataFolder}, ${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`
      return freeBytes < LOW_SPACE_BYTES
        ? { state: 'warning', detail, remedy: 'Free some space: writing needs room for a second copy of each photo.' }
        : ok(detail)
    }),
    checkOf(
      'Metadata (ExifTool)',
      'Install Perl 5; on Windows nothing is needed. Without it photos can be tagged and reviewed, but not written.',
      async () => ok(`version ${await parts.exiftoolVersion()}`),
    ),
    checkOf('Picture decoding', 'Install the studio again: a part of it does not load on this machine.', async () => ok(await parts.decode())),
    checkOf('GPU', 'Nothing to do: the studio works without a GPU, with the embedded model or a server elsewhere.', async () => {
      const gpus = await parts.gpus()
      return gpus.length === 0
        ? { state: 'warning', detail: 'none found', remedy: 'Larger models need one; the embedded model and servers on other machines do not.' }
        : ok(gpus.map((gpu) => `${gpu.name}, ${gpu.totalMb} MB`).join(' · '))
    }),
    checkOf('Ollama', 'Start Ollama, or install it from https://ollama.com.', async () => {
      const { running, baseUrl, visionModels } = await parts.ollama()
      if (!running)
        return {
          state: 'missing',
          detail: `not running at ${baseUrl}`,
          remedy: 'Install it from https://ollama.com, then run: ollama pull qwen2.5vl:7b',
        }
      return visionModels.length > 0
        ? ok(`${visionModels.length} vision models`)
        : { state: 'warning', detail: 'running, without a vision model', remedy: 'Run: ollama pull qwen2.5vl:7b' }
    }),
    checkOf('Proxy', 'Free the port, or choose another one in the settings.', async () => {
      const { url, note } = parts.proxy()
      return url === null ? { state: 'warning', detail: 'not started by this command', remedy: null } : ok(note ? `${url} (${note})` : url)
    }),
    checkOf('Caption model', 'Open Models and choose one.', async () => {
      const models = await parts.modelsFor('caption')
      return models[0] ? ok(models[0].name) : { state: 'missing', detail: 'no model serves captions', remedy: 'Open Models and choose one.' }
    }),
  ])
}
