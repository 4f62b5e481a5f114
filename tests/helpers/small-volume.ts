/** Real small file systems for tests of full and read-only disks. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface SmallVolume {
  folder: string
  makeReadOnly(): void
}

/** Why volumes cannot be mounted here, or null. Tries one. */
export function whyNoVolumes(): string | null {
  if (process.platform !== 'linux') return 'small volumes are mounted on Linux only'
  const folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-probe-'))
  const mounted = mount(folder, 'size=64k')
  if (mounted) unmount(folder)
  rmdirSync(folder)
  return mounted ? null : 'mounting a tmpfs is not allowed here'
}

/** A tmpfs of that size, unmounted when the test ends. Call it inside a test. */
export function smallVolume(sizeBytes: number): SmallVolume {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-volume-'))
  if (!mount(folder, `size=${sizeBytes}`)) throw new Error(`could not mount a volume at ${folder}`)
  onTestFinished(() => {
    unmount(folder)
    rmdirSync(folder)
  })
  return {
    folder,
    makeReadOnly() {
      const { status, stderr } = spawnSync('mount', ['-o', 'remount,ro', folder], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`could not make ${folder} read-only: ${stderr}`)
    },
  }
}

const mount = (folder: string, options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'imageworks-test', folder]).status === 0
const unmount = (folder: string) => void spawnSync('umount', ['-l', folder])
