import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createKeymapHandlers } from '../../../src-main/handlers/keymap.ts'

describe('the file of the key map', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-keymap-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const ask = () => createKeymapHandlers(folder)['app.keymap']({})

  it('is not needed, and a broken one is a problem with a name and a place', async () => {
    expect(await ask()).toMatchObject({ changes: {}, problem: null })
    writeFileSync(path.join(folder, 'keymap.user.json'), '{"review":{"approve":"Enter"}}')
    expect(await ask()).toMatchObject({ changes: { review: { approve: 'Enter' } }, problem: null })
    writeFileSync(path.join(folder, 'keymap.user.json'), '{"review":')
    expect(await ask()).toMatchObject({ changes: {}, problem: { code: 'keymap-invalid', data: { path: path.join(folder, 'keymap.user.json') } } })
  })
})
