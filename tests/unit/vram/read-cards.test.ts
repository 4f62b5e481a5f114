import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { toGpu } from '../../../src-main/vram/cards.ts'
import { parseNvidiaCards, parseNvidiaProcesses } from '../../../src-main/vram/parse-nvidia-smi.ts'
import { parseRocmCsv, parseRocmJson } from '../../../src-main/vram/parse-rocm-smi.ts'
import { readAmd } from '../../../src-main/vram/read-amd.ts'
import { appleLimitMb, readApple } from '../../../src-main/vram/read-apple.ts'
import { readCards } from '../../../src-main/vram/read-cards.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const GIB = 2 ** 30

describe('what the NVIDIA driver prints of a card', () => {
  it('all columns', () => {
    const { cards } = parseNvidiaCards('0, NVIDIA H100 80GB HBM3, 81559, 80993, 9.0, GPU-a1, 4, 561, 550.54.15, Disabled')
    expect(cards).toEqual([
      {
        ...{ index: 0, name: 'NVIDIA H100 80GB HBM3', totalMb: 81_559, freeMb: 80_993, vendor: 'nvidia', uuid: 'GPU-a1', usedMb: 4 },
        ...{ reservedMb: 561, computeCapability: '9.0', driver: '550.54.15', mig: false, unified: false },
      },
    ])
  })
  it('values that are not told are null, never 0', () => {
    const [card] = parseNvidiaCards('0, A, B card, 24576, ERR!, [N/A], GPU-1, [Not Supported], [Insufficient Permissions], [N/A], [N/A]').cards
    expect(card).toMatchObject({ name: 'A, B card', freeMb: null, usedMb: null, reservedMb: null, computeCapability: null, driver: null, mig: null })
  })
  it('a card cut into instances is marked', () => {
    expect(parseNvidiaCards('0, A100, 81920, 80000, 8.0, GPU-1, 0, 600, 550.1, Enabled').cards[0]?.mig).toBe(true)
  })
})

describe('what it prints of programs', () => {
  it('names with commas, WSL without figures, and lines that are none', () => {
    const text = [
      'GPU-1, 4242, /usr/bin/python3, with, commas, 10900',
      'GPU-1, 79, [Not Found], [N/A]',
      'GPU-2, 80, C:\\x.exe, [Not Supported]',
      '[N/A], 81, x, 12 MiB',
      'No running processes found',
      'GPU-1, [N/A], x, 5',
    ].join('\r\n')
    expect(parseNvidiaProcesses(text)).toEqual([
      { uuid: 'GPU-1', pid: 4242, usedMb: 10_900 },
      { uuid: 'GPU-1', pid: 79, usedMb: null },
      { uuid: 'GPU-2', pid: 80, usedMb: null },
      { uuid: null, pid: 81, usedMb: 12 },
    ])
    expect(parseNvidiaProcesses('')).toEqual([])
  })
})

describe('what ROCm prints', () => {
  const json = JSON.stringify({
    card1: { 'VRAM Total Memory (B)': String(16 * GIB), 'VRAM Total Used Memory (B)': 'N/A', 'Card Series': 'Radeon RX 7800 XT' },
    card0: { 'VRAM Total Memory (B)': String(24 * GIB), 'VRAM Total Used Memory (B)': String(2 * GIB), 'Card series': 'Radeon RX 7900 XTX' },
    system: { 'Driver version': '6.7' },
  })
  it('as JSON, with warnings before it and cards in any order', () => {
    expect(parseRocmJson(`WARNING: AMD GPU device(s) is/are in a low-power state\n${json}`)).toEqual([
      { name: 'Radeon RX 7900 XTX', totalBytes: 24 * GIB, usedBytes: 2 * GIB },
      { name: 'Radeon RX 7800 XT', totalBytes: 16 * GIB, usedBytes: null },
    ])
  })
  it.each(['', '{', '[]', '{"card0": 3}', 'no cards'])('%j is no card', (text) => expect(parseRocmJson(text)).toEqual([]))
  it('as CSV', () => {
    const csv = `device,VRAM Total Memory (B),VRAM Total Used Memory (B),Card series\ncard0,${24 * GIB},${GIB},Radeon\n`
    expect(parseRocmCsv(csv)).toEqual([{ name: 'Radeon', totalBytes: 24 * GIB, usedBytes: GIB }])
    expect(parseRocmCsv('device,x\n')).toEqual([])
  })
})

describe('Apple', () => {
  const settings = (values: Record<string, string>) => (name: string) => Promise.resolve(values[name])
  it('may take two thirds, three quarters of a large memory, or what the user set', () => {
    expect([appleLimitMb(16_384, 0), appleLimitMb(65_536, 0), appleLimitMb(65_536, 60_000)]).toEqual([10_922, 49_152, 60_000])
  })
  it('offers no more than the system has to spare', async () => {
    const { cards } = await readApple({
      totalBytes: 64 * GIB,
      readSetting: settings({ 'machdep.cpu.brand_string': 'Apple M3 Max', 'kern.memorystatus_level': '25' }),
    })
    expect(cards).toMatchObject([{ name: 'Apple M3 Max', totalMb: 49_152, freeMb: 16_384, unified: true, vendor: 'apple' }])
    expect((await readApple({ totalBytes: 8 * GIB, readSetting: settings({}) })).cards).toMatchObject([{ freeMb: null, name: 'Apple graphics' }])
  })
})

describe.skipIf(process.platform === 'win32')('asking the tools', () => {
  const withTool = async (name: string, script: string, folder = tempFolder()) => {
    await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(folder, name), 0o755)
    return folder
  }
  const ask = (PATH: string, more = {}) => readCards({ environment: { PATH }, platform: 'freebsd', arch: 'x64', ...more })

  it('cards and programs in one', async () => {
    const folder = await withTool(
      'nvidia-smi',
      `case "$1" in *compute-apps*) echo 'GPU-1, 42, llama-server, 5000';; *) echo '0, RTX, 16376, 10000, 8.9, GPU-1, 5900, 476, 560.1, [N/A]';; esac`,
    )
    expect(await ask(folder)).toMatchObject({ cards: [{ usedMb: 5900 }], processes: [{ uuid: 'GPU-1', pid: 42, usedMb: 5000 }], skipped: [] })
  })
  it('a driver that refuses to name programs still tells its cards', async () => {
    const folder = await withTool('nvidia-smi', `case "$1" in *compute-apps*) exit 3;; esac; echo '0, RTX, 16376, 10000, 8.9, GPU-1'`)
    expect(await ask(folder)).toMatchObject({ cards: [{ usedMb: null, freeMb: 10_000 }], processes: null })
  })
  it('a driver that fails is none, with the reason', async () => {
    expect(await ask(await withTool('nvidia-smi', 'exit 9'))).toEqual({
      cards: [],
      processes: null,
      skipped: ['the NVIDIA tool is there but gave no answer'],
    })
  })
  it('AMD by the tool, as CSV where JSON is refused, and NVIDIA goes before it', async () => {
    const script = `case "$*" in *--json*) exit 2;; esac; printf 'device,VRAM Total Memory (B),VRAM Total Used Memory (B)\\ncard0,${16 * GIB},${GIB}\\n'`
    const folder = await withTool('rocm-smi', script)
    expect(await ask(folder)).toMatchObject({ cards: [{ vendor: 'amd', totalMb: 16_384, usedMb: 1024, freeMb: 15_360 }] })
    await withTool('nvidia-smi', `echo '0, RTX, 16376, 10000'`, folder)
    expect(await ask(folder)).toMatchObject({ cards: [{ vendor: 'nvidia' }] })
  })
  it('a kernel that knows AMD cards needs no tool, and other vendors are left out', async () => {
    const drmFolder = tempFolder()
    const card = async (name: string, files: Record<string, string>) => {
      await mkdir(path.join(drmFolder, name, 'device'), { recursive: true })
      for (const [file, text] of Object.entries(files)) await writeFile(path.join(drmFolder, name, 'device', file), `${text}\n`)
    }
    await card('card0', { vendor: '0x8086', mem_info_vram_total: '1' })
    await card('card10', { vendor: '0x1002', device: '0x744c', mem_info_vram_total: String(24 * GIB) })
    await card('card2', { vendor: '0x1002', product_name: 'Radeon Pro', mem_info_vram_total: String(16 * GIB), mem_info_vram_used: String(GIB) })
    await card('card2-DP-1', { vendor: '0x1002', mem_info_vram_total: '5' })
    const found = await readAmd({ environment: { PATH: '' }, platform: 'linux', drmFolder })
    expect(found?.cards.map(toGpu)).toEqual([
      { index: 0, name: 'Radeon Pro', totalMb: 16_384, freeMb: 15_360 },
      { index: 1, name: 'AMD graphics 0x744c', totalMb: 24_576, freeMb: null },
    ])
  })
})
