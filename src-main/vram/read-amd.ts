/** AMD cards: from the kernel's own files where there are any (Linux), else from ROCm's tool. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Card, type CardReadings } from './cards.ts'
import { parseRocmCsv, parseRocmJson, type RocmCard } from './parse-rocm-smi.ts'
import { type Environment, findTool, runTool } from './run-tool.ts'

const MIB = 2 ** 20
/** It can hang on a card that sleeps. */
const TIMEOUT_MS = 5_000
const AMD_VENDOR = '0x1002'
const USUAL_PLACES = ['/opt/rocm/bin/rocm-smi', '/usr/bin/rocm-smi']
const MEMORY_QUERY = ['--showmeminfo', 'vram', '--showproductname']

const toCard = (index: number, { name, totalBytes, usedBytes }: RocmCard): Card => {
  const totalMb = Math.round(totalBytes / MIB)
  const usedMb = usedBytes === null ? null : Math.round(usedBytes / MIB)
  return {
    ...{ index, name, totalMb, usedMb, freeMb: usedMb === null ? null : Math.max(0, totalMb - usedMb), vendor: 'amd' as const, uuid: null },
    ...{ reservedMb: null, computeCapability: null, driver: null, mig: null, unified: false },
  }
}

/** @param drmFolder Normally `/sys/class/drm`. Cards are counted in the kernel's order, other vendors' left out. */
async function readAmdFromKernel(drmFolder: string): Promise<Card[]> {
  const names = await readdir(drmFolder).catch(() => [])
  const numbers = names
    .flatMap((name) => /^card(\d{1,3})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  const cards: Card[] = []
  for (const number of numbers) {
    const told = async (file: string) =>
      (await readFile(path.join(drmFolder, `card${number}`, 'device', file), 'latin1').catch(() => undefined))?.trim() || undefined
    if ((await told('vendor')) !== AMD_VENDOR) continue
    const [total, used, product, device] = await Promise.all([
      told('mem_info_vram_total'),
      told('mem_info_vram_used'),
      told('product_name'),
      told('device'),
    ])
    const totalBytes = Number(total)
    if (!Number.isFinite(totalBytes) || totalBytes <= 0) continue
    const usedBytes = used === undefined || !Number.isFinite(Number(used)) ? null : Number(used)
    cards.push(toCard(cards.length, { name: product ?? `AMD graphics ${device ?? ''}`.trim(), totalBytes, usedBytes }))
  }
  return cards
}

export interface AmdOptions {
  environment: Environment
  platform: NodeJS.Platform
  drmFolder?: string | undefined
  signal?: AbortSignal | undefined
}

/** Undefined when there is no AMD card to be seen. Never rejects. */
export async function readAmd({ environment, platform, drmFolder = '/sys/class/drm', signal }: AmdOptions): Promise<CardReadings | undefined> {
  const known = platform === 'linux' ? await readAmdFromKernel(drmFolder) : []
  if (known.length > 0) return { cards: known, processes: null, skipped: [] }
  const tool = await findTool('rocm-smi', environment, platform === 'linux' ? USUAL_PLACES : [], platform)
  if (tool === undefined) return undefined
  const json = await runTool(tool, [...MEMORY_QUERY, '--json'], { timeoutMs: TIMEOUT_MS, signal })
  const fromJson = 'output' in json ? parseRocmJson(json.output) : []
  if (fromJson.length > 0) return { cards: fromJson.map((card, index) => toCard(index, card)), processes: null, skipped: [] }
  if ('failed' in json && json.failed === 'silent') return { cards: [], processes: null, skipped: ["ROCm's tool is there but gave no answer"] }
  const csv = await runTool(tool, [...MEMORY_QUERY, '--csv'], { timeoutMs: TIMEOUT_MS, signal })
  const fromCsv = 'output' in csv ? parseRocmCsv(csv.output) : []
  return {
    cards: fromCsv.map((card, index) => toCard(index, card)),
    processes: null,
    skipped: fromCsv.length > 0 ? [] : ["ROCm's tool names no card"],
  }
}
