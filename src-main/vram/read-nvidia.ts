/** Asks the NVIDIA driver's own tool which cards are there and who uses them. */
import { type CardReadings, NO_CARDS } from './cards.ts'
import { instancesAsCards, parseMigInstances } from './mig-instances.ts'
import { CARD_QUERY, GPU_QUERY, parseNvidiaCards, parseNvidiaProcesses, PROCESS_QUERY } from './parse-nvidia-smi.ts'
import { type Environment, findTool, runTool } from './run-tool.ts'

const TIMEOUT_MS = 5_000

const USUAL_PLACES: Partial<Record<NodeJS.Platform, string[]>> = {
  linux: ['/usr/bin/nvidia-smi', '/usr/local/bin/nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi', '/run/current-system/sw/bin/nvidia-smi'],
  win32: ['C:\\Windows\\System32\\nvidia-smi.exe', 'C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvidia-smi.exe'],
}

/** From the most telling to the one that every driver knows: a driver refuses a whole query for one column that it does not know. */
const QUERIES = [CARD_QUERY, GPU_QUERY, 'index,name,memory.total,memory.free']

export interface NvidiaOptions {
  environment: Environment
  platform: NodeJS.Platform
  signal?: AbortSignal | undefined
  /** Whether to ask who uses the cards as well. */
  withProcesses: boolean
}

/** Absolute path; undefined when there is no such tool here. */
export const findNvidiaTool = (environment: Environment, platform: NodeJS.Platform): Promise<string | undefined> =>
  findTool('nvidia-smi', environment, USUAL_PLACES[platform] ?? [], platform)

/** Undefined when there is no such tool here. Never rejects; a driver that hangs takes 5 s. */
export async function readNvidia({ environment, platform, signal, withProcesses }: NvidiaOptions): Promise<CardReadings | undefined> {
  const tool = await findNvidiaTool(environment, platform)
  if (tool === undefined) return undefined
  const ask = (query: string) => runTool(tool, [query, '--format=csv,noheader,nounits'], { timeoutMs: TIMEOUT_MS, signal })
  const asked = withProcesses ? ask(`--query-compute-apps=${PROCESS_QUERY}`) : undefined
  for (const query of QUERIES) {
    const answer = await ask(`--query-gpu=${query}`)
    if ('failed' in answer) {
      if (answer.failed === 'silent') break
      continue
    }
    const processes = await asked
    const told = parseNvidiaCards(answer.output)
    const cut = told.cards.some(({ mig }) => mig === true) ? await runTool(tool, ['-L'], { timeoutMs: TIMEOUT_MS, signal }) : undefined
    const cards = cut && 'output' in cut ? instancesAsCards(told.cards, parseMigInstances(cut.output)) : told.cards
    return { cards, skipped: told.skipped, processes: processes && 'output' in processes ? parseNvidiaProcesses(processes.output) : null }
  }
  await asked
  return { ...NO_CARDS, skipped: ['the NVIDIA tool is there but gave no answer'] }
}
