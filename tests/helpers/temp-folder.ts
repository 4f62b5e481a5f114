import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A fresh folder, by its canonical path, that goes when the test ends. Call it inside a test. */
export function tempFolder(): string {
  const folder = realpathSync.native(mkdtempSync(path.join(os.tmpdir(), 'imageworks-test-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
