/** Asks the NVIDIA driver's own tool which cards are there. No card, no driver and no tool are all the same first-class answer: none. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { GPU_QUERY, type GpuReadings, parseNvidiaSmi } from './parse-nvidia-smi.ts'

const TIMEOUT_MS = 5_000
const OUTPUT_CAP_BYTES = 1024 * 1024

const USUAL_PLACES: Partial<Record<NodeJS.Platform, string[]>> = {
  linux: ['/usr/bin/nvidia-smi', '/usr/local/bin/nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi', '/run/current-system/sw/bin/nvidia-smi'],
  win32: ['C:\\Windows\\System32\\nvidia-smi.exe', 'C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvidia-smi.exe'],
}

/** Absolute path of the tool. Relative entries of PATH are passed over, so that a file planted in a photo folder is never run. */
async function findTool(environment: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): Promise<string | undefined> {
  const fileName = platform === 'win32' ? 'nvidia-smi.exe' : 'nvidia-smi'
  const folders = (environment['PATH'] ?? environment['Path'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  const candidates = [...folders.map((folder) => path.join(folder, fileName)), ...(USUAL_PLACES[platform] ?? [])]
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return candidate
  }
  return undefined
}

function run(tool: string, query: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: OUTPUT_CAP_BYTES, windowsHide: true, shell: false, signal } as const
    execFile(tool, [`--query-gpu=${query}`, '--format=csv,noheader,nounits'], options, (error, stdout) => resolve(error ? undefined : stdout))
  })
}

/** Never rejects; takes at most about 10 s when the driver hangs. */
export async function readGpus(
  options: { environment?: Readonly<Record<string, string | undefined>>; platform?: NodeJS.Platform; signal?: AbortSignal } = {},
): Promise<GpuReadings> {
  const { environment = process.env, platform = process.platform, signal } = options
  const tool = await findTool(environment, platform)
  if (tool === undefined) return { gpus: [], skipped: [] }
  // Old drivers refuse the whole query for one column that they do not know.
  const output = (await run(tool, GPU_QUERY, signal)) ?? (await run(tool, 'index,name,memory.total,memory.free', signal))
  return output === undefined ? { gpus: [], skipped: ['the NVIDIA tool is there but gave no answer'] } : parseNvidiaSmi(output)
}
