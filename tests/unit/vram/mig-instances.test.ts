import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseMigInstances } from '../../../src-main/vram/mig-instances.ts'
import { readGpus } from '../../../src-main/vram/read-gpus.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const LIST = [
  'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-a)',
  'GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-b)',
  '  MIG 3g.40gb     Device  0: (UUID: MIG-11111111-2222-3333-4444-555555555555)',
  '  MIG 1c.1g.10gb  Device  1: (UUID: MIG-GPU-b/7/0)',
  '  MIG 1g.10gb+me  Device  2: (UUID: MIG-x)',
  '  something else',
].join('\n')

describe('a card that is cut into instances', () => {
  it('is read instance by instance, each with the memory of its profile less what the driver keeps', () => {
    expect(parseMigInstances(LIST)).toEqual([
      { card: 1, profile: '3g.40gb', uuid: 'MIG-11111111-2222-3333-4444-555555555555', totalMb: 38_912 },
      { card: 1, profile: '1c.1g.10gb', uuid: 'MIG-GPU-b/7/0', totalMb: 9728 },
      { card: 1, profile: '1g.10gb+me', uuid: 'MIG-x', totalMb: 9728 },
    ])
    expect(parseMigInstances('  MIG 3g.40gb Device 0: (UUID: MIG-a)\nGPU 0: x')).toEqual([])
  })

  it.skipIf(process.platform === 'win32')('must not be offered whole: its 80 GB belong to nobody', async () => {
    const bin = path.join(tempFolder(), 'bin')
    await mkdir(bin)
    const tool = path.join(bin, 'nvidia-smi')
    const cards = [
      '0, NVIDIA A100-SXM4-40GB, 40960, 40000, 8.0, GPU-a, 10, 600, 550.1, Disabled',
      '1, NVIDIA H100 80GB HBM3, 81559, 80000, 9.0, GPU-b, 10, 600, 550.1, Enabled',
    ]
    await writeFile(tool, `#!/bin/sh\nif [ "$1" = -L ]; then echo '${LIST}'; else echo '${cards.join('\n')}'; fi\n`)
    await chmod(tool, 0o755)
    const { gpus } = await readGpus({ environment: { PATH: bin }, platform: 'linux' })
    expect(gpus.map(({ index, totalMb, device }) => [index, totalMb, device])).toEqual([
      [0, 40_960, undefined],
      [200, 38_912, 'MIG-11111111-2222-3333-4444-555555555555'],
      [201, 9728, 'MIG-GPU-b/7/0'],
      [202, 9728, 'MIG-x'],
    ])
  })
})
