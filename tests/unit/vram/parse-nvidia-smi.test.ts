import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parseNvidiaSmi } from '../../../src-main/vram/parse-nvidia-smi.ts'
import { readGpus } from '../../../src-main/vram/read-gpus.ts'

const card = 'NVIDIA GeForce RTX 4070 Ti SUPER'

describe('what the driver prints', () => {
  it('plain lines', () => {
    expect(parseNvidiaSmi(`0, ${card}, 16376, 14360, 8.9, GPU-1\n1, ${card}, 16376, 16000, 8.9, GPU-2\n`).gpus).toEqual([
      { index: 0, name: card, totalMb: 16_376, freeMb: 14_360 },
      { index: 1, name: card, totalMb: 16_376, freeMb: 16_000 },
    ])
  })
  it('one strange card must not take the others away', () => {
    const { gpus, skipped } = parseNvidiaSmi(
      `0, A, [N/A], [N/A], 8.0, GPU-1\n1, B, 24576, [Not Supported], [N/A], GPU-2\nnonsense\n2, C, 8192, 8000, 8.6, GPU-3, extra, 7`,
    )
    expect(gpus).toEqual([
      { index: 1, name: 'B', totalMb: 24_576, freeMb: null },
      { index: 2, name: 'C', totalMb: 8192, freeMb: 8000 },
    ])
    expect(skipped).toHaveLength(2)
  })
  it('a MIG card that hides its memory counts as none, not as 0 MB', () => {
    expect(parseNvidiaSmi('0, NVIDIA A100-SXM4-80GB, [Insufficient Permissions], [Insufficient Permissions], 8.0, GPU-x').gpus).toEqual([])
  })
  it('a comma in the name, units and Windows line ends', () => {
    expect(parseNvidiaSmi('0, Card, with comma, 16376 MiB, 14360 MiB, 8.9, GPU-1\r\n').gpus).toEqual([
      { index: 0, name: 'Card, with comma', totalMb: 16_376, freeMb: 14_360 },
    ])
  })
  for (const text of ['', '\n', 'NVIDIA-SMI has failed because it could not communicate with the driver.', 'No devices were found']) {
    it(`${JSON.stringify(text)} means no card`, () => expect(parseNvidiaSmi(text).gpus).toEqual([]))
  }
})

describe.skipIf(process.platform === 'win32')('asking the driver', () => {
  const folders: string[] = []
  const withTool = async (script: string) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'smi-'))
    folders.push(folder)
    await writeFile(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(folder, 'nvidia-smi'), 0o755)
    return folder
  }
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
  })
  // The usual places are looked up by platform; another name leaves PATH alone.
  const ask = (PATH: string) => readGpus({ environment: { PATH }, platform: 'freebsd' })

  it('no tool is an answer', async () => expect(await ask('')).toEqual({ gpus: [], skipped: [] }))
  it('reads what the tool prints', async () => {
    expect((await ask(await withTool(`echo '0, ${card}, 16376, 14360, 8.9, GPU-1'`))).gpus).toHaveLength(1)
  })
  it('a driver that refuses a column is asked again without it', async () => {
    const folder = await withTool(`case "$1" in *compute_cap*) exit 2;; esac; echo '0, Old, 8192, 8000'`)
    expect((await ask(folder)).gpus).toEqual([{ index: 0, name: 'Old', totalMb: 8192, freeMb: 8000 }])
  })
  it('a failing tool is no card', async () => expect((await ask(await withTool('exit 9'))).gpus).toEqual([]))
  it('a tool in a relative folder of PATH must never be run', async () => {
    const folder = await withTool(`echo '0, Planted, 16376, 14360, 8.9, GPU-1'`)
    expect((await ask(`${path.relative(process.cwd(), folder)}:.`)).gpus).toEqual([])
  })
})
