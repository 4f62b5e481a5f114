import { truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { createByteHolder } from '../../../src-main/metadata/held-bytes.ts'
import { hashFile } from '../../../src-main/metadata/safe-file.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

it('holds exactly the bytes of the hash, tells every change, and a buffer used again brings nothing of the photo before', async () => {
  const holder = createByteHolder()
  const file = path.join(tempFolder(), 'a')
  for (const bytes of ['a long photo, '.repeat(100_000), 'a short one', '']) {
    writeFileSync(file, bytes)
    const held = (await holder.hold(file))!
    expect(held.hash).toBe(await hashFile(file))
    expect(held.bytes?.toString()).toBe(bytes)
    expect(await holder.isStill(file, held)).toBe(true)
    writeFileSync(file, `${bytes}.`)
    expect(await holder.isStill(file, held)).toBe(false)
    if (bytes !== '') {
      writeFileSync(file, `b${bytes.slice(1)}`)
      expect(await holder.isStill(file, held)).toBe(false)
      writeFileSync(file, bytes.slice(1))
      expect(await holder.isStill(file, held)).toBe(false)
    }
    unlinkSync(file)
    expect(await holder.isStill(file, held)).toBe(false)
    holder.release(held)
    expect(held.bytes).toBeNull()
  }
  expect(await holder.hold(file)).toBeNull()
})

it('what is too large to hold is hashed piece by piece', async () => {
  const holder = createByteHolder()
  const file = path.join(tempFolder(), 'large')
  writeFileSync(file, 'x')
  truncateSync(file, 2 ** 25 + 1)
  const held = (await holder.hold(file))!
  expect(held).toEqual({ hash: await hashFile(file), bytes: null })
  expect(await holder.isStill(file, held)).toBe(true)
  truncateSync(file, 2 ** 25 + 2)
  expect(await holder.isStill(file, held)).toBe(false)
})
