import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { claimDataFolder } from '../../../src-main/db/claim-data-folder.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import type { StudioError } from '../../../src-main/lib/studio-error.ts'
import { killNow, startChild } from '../../helpers/children/start-child.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { smallVolume, whyNoVolumes } from '../../helpers/small-volume.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const noVolumes = whyNoVolumes()
if (noVolumes) noteSkip('claiming a full or read-only data folder', noVolumes)

const refusal = (folder: string): StudioError => {
  try {
    claimDataFolder(folder, systemClock).release()
  } catch (error) {
    return error as StudioError
  }
  throw new Error('the claim was granted')
}

describe('claiming a data folder', () => {
  it('refuses a second studio and names the first, until that one is killed without a chance to tidy up', async () => {
    const folder = tempFolder()
    const child = await startChild('data-folder-child', [folder, 'claim'])
    expect(refusal(folder)).toMatchObject({ code: 'data-folder-in-use', data: { pid: child.pid, url: 'http://127.0.0.1:4000/' } })
    // A refused one must not disturb the first one's note or lock.
    expect(refusal(folder)).toMatchObject({ code: 'data-folder-in-use', data: { pid: child.pid } })
    await killNow(child)
    expect(existsSync(path.join(folder, 'instance.json'))).toBe(true)
    const claim = claimDataFolder(folder, systemClock)
    expect(JSON.parse(readFileSync(path.join(folder, 'instance.json'), 'utf8'))).toMatchObject({ pid: process.pid })
    claim.release()
  })

  it('refuses within one process too, and frees the folder on release', () => {
    const folder = path.join(tempFolder(), 'new')
    const claim = claimDataFolder(folder, systemClock)
    expect(refusal(folder).code).toBe('data-folder-in-use')
    claim.release()
    claim.release()
    expect(existsSync(path.join(folder, 'instance.json'))).toBe(false)
    claimDataFolder(folder, systemClock).release()
  })

  it('is not held up by a note that is nonsense', () => {
    const folder = tempFolder()
    const claim = claimDataFolder(folder, systemClock)
    writeFileSync(path.join(folder, 'instance.json'), '{')
    expect(refusal(folder)).toMatchObject({ code: 'data-folder-in-use', data: { pid: null, url: null } })
    claim.release()
  })

  it.skipIf(noVolumes)('says unwritable on a read-only disk and full on a full one', () => {
    const readOnly = smallVolume(64 * 1024)
    readOnly.makeReadOnly()
    expect(refusal(readOnly.folder).code).toBe('data-folder-unwritable')
    const full = smallVolume(64 * 1024)
    try {
      writeFileSync(path.join(full.folder, 'filler'), Buffer.alloc(1024 * 1024))
    } catch {
      // Full is what it should be.
    }
    expect(refusal(full.folder).code).toBe('data-folder-full')
  })
})
