/** The user's key map: a file in the data folder that is read and never written. What its names mean is the window's business. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Problem } from '../contract/model.ts'
import type { Handlers } from '../contract/routes/index.ts'

const FILE_NAME = 'keymap.user.json'

export function createKeymapHandlers(dataFolder: string): Pick<Handlers, 'app.keymap'> {
  const file = path.join(dataFolder, FILE_NAME)
  const invalid = (what: string): Problem => ({ code: 'keymap-invalid', message: what, data: { path: file, what } })
  return {
    'app.keymap': async () => {
      let text: string
      try {
        text = await readFile(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { file, changes: {}, problem: null }
        return { file, changes: {}, problem: invalid('it cannot be read') }
      }
      try {
        return { file, changes: JSON.parse(text) as unknown, problem: null }
      } catch (error) {
        return { file, changes: {}, problem: invalid(error instanceof Error ? error.message : 'it is not JSON') }
      }
    },
  }
}
