import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import type { RequestRecord } from '../../../src-main/proxy/ports.ts'
import { createRequestLog } from '../../../src-main/proxy/request-log.ts'

let folder = ''
const fresh = async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'log-'))
  return path.join(folder, 'logs')
}
afterEach(() => rm(folder, { recursive: true, force: true }))
const line = (id: string) => ({ id, caller: 'x'.repeat(80) }) as unknown as RequestRecord

it('every request must have its line, in order, over the turn of the file, and old files must go', async () => {
  const logs = await fresh()
  let nowMs = 1_700_000_000_000
  const log = createRequestLog({ folder: logs, maxBytes: 300, keep: 2, clock: { nowMs: () => (nowMs += 1), ticksMs: () => 0 }, logger: silentLogger })
  for (let i = 0; i < 12; i++) {
    log.write(line(String(i)))
    await log.flush()
  }
  const files = (await readdir(logs)).sort()
  expect(files).toHaveLength(3)
  const texts = await Promise.all(files.map((name) => readFile(path.join(logs, name), 'utf8')))
  const ids = texts.flatMap((text) =>
    text
      .trim()
      .split('\n')
      .map((json) => (JSON.parse(json) as { id: string }).id),
  )
  expect(ids).toEqual(['6', '7', '8', '9', '10', '11'])
})

it('a folder that cannot be made must not fail requests, and is told once', async () => {
  const logs = await fresh()
  await writeFile(logs, 'a file where the folder should be')
  const warnings: string[] = []
  const log = createRequestLog({
    folder: logs,
    clock: { nowMs: () => 0, ticksMs: () => 0 },
    logger: { ...silentLogger, warn: (event) => void warnings.push(event) },
  })
  log.write(line('1'))
  await log.flush()
  log.write(line('2'))
  await log.flush()
  expect(warnings).toEqual(['request-log.unwritable'])
})
