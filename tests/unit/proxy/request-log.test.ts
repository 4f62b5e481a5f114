import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import type { RequestRecord } from '../../../src-main/proxy/ports.ts'
import { createRequestLog } from '../../../src-main/proxy/request-log.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { smallVolume, whyNoVolumes } from '../../helpers/small-volume.ts'

const noVolumes = whyNoVolumes()
if (noVolumes) noteSkip('the request log on a full disk', noVolumes)

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

const full = (more: object = {}) =>
  ({
    ...{
      id: 'r1',
      time: '2026-03-01T00:00:00.000Z',
      caller: null,
      role: null,
      model: 'm',
      backend: 'vllm',
      prompt_hash: null,
      options: {},
      stream: false,
    },
    ...{ images: { count: 0, bytes: 0, hash: null }, first_token_ms: null, total_ms: 1, tokens_in: null, tokens_out: null, finish_reason: null },
    ...{ status: 200, error_code: null },
    ...more,
  }) as RequestRecord
const DAY_MS = 24 * 3600 * 1000
const readLines = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((json) => JSON.parse(json) as Record<string, unknown>)

describe('by age', () => {
  it('a file whose first line is a month old is put aside, and goes when its last line is', async () => {
    const logs = await fresh()
    let nowMs = Date.parse('2026-03-01T00:00:00Z')
    const open = () => createRequestLog({ folder: logs, clock: { nowMs: () => nowMs, ticksMs: () => 0 }, logger: silentLogger })
    const write = async (log: ReturnType<typeof open>) => {
      log.write(full({ time: new Date(nowMs).toISOString() }))
      await log.flush()
    }
    await write(open())
    nowMs += 29 * DAY_MS
    // Another start knows the age from the file itself.
    const second = open()
    await write(second)
    expect(await readdir(logs)).toHaveLength(1)
    nowMs += 2 * DAY_MS
    await write(second)
    expect((await readdir(logs)).sort()).toEqual(['chat_proxy.20260401-000000-000.jsonl', 'chat_proxy.jsonl'])
    nowMs += 31 * DAY_MS
    await write(open())
    expect((await readdir(logs)).sort()).toEqual(['chat_proxy.20260502-000000-000.jsonl', 'chat_proxy.jsonl'])
  })
})

describe('what reaches the log', () => {
  it('no picture and no words, whatever the caller calls an option', async () => {
    const logs = await fresh()
    const log = createRequestLog({ folder: logs, clock: { nowMs: () => 0, ticksMs: () => 0 }, logger: silentLogger })
    const secret = 'a boat on the lake'
    log.write(
      full({
        caller: `data:image/png;base64,${'A'.repeat(5000)}`,
        options: {
          temperature: 0.5,
          messages: [{ content: secret }],
          response_format: { type: 'json_schema', prompt: secret },
          user: `x${secret.repeat(100)}`,
          deep: { a: { b: { c: { d: { e: { f: secret } } } } } },
        },
        trimmed: { turns: 3, images: 2 },
      }),
    )
    await log.flush()
    const text = await readFile(path.join(logs, 'chat_proxy.jsonl'), 'utf8')
    expect(text).not.toContain('AAAA')
    expect(text).not.toContain('on the lake')
    expect(text.length).toBeLessThan(1200)
    expect((await readLines(path.join(logs, 'chat_proxy.jsonl')))[0]).toMatchObject({
      options: { temperature: 0.5, response_format: { type: 'json_schema' } },
      trimmed: { turns: 3, images: 2 },
    })
  })
  it('the database gets the same records, and its failure loses no line', async () => {
    const logs = await fresh()
    const warnings: string[] = []
    const kept: string[][] = []
    const log = createRequestLog({
      folder: logs,
      clock: { nowMs: () => 0, ticksMs: () => 0 },
      logger: { ...silentLogger, warn: (event) => void warnings.push(event) },
      keepInDatabase: (records) => {
        const ids = records.map(({ id }) => id)
        if (ids.includes('bad')) throw new Error('disk full')
        kept.push(ids)
      },
    })
    for (const ids of [['a', 'b'], ['bad'], ['c']]) {
      for (const id of ids) log.write(full({ id }))
      await log.flush()
    }
    expect(kept).toEqual([['a', 'b'], ['c']])
    expect(warnings).toEqual(['request-log.database'])
    expect(await readLines(path.join(logs, 'chat_proxy.jsonl'))).toHaveLength(4)
  })
})

describe.skipIf(noVolumes !== null)('a full disk', () => {
  it('fails no request, leaves no half line, and lines go on when there is room again', async () => {
    const { folder: small } = smallVolume(64 * 1024)
    const warnings: string[] = []
    const log = createRequestLog({
      folder: small,
      clock: { nowMs: () => 0, ticksMs: () => 0 },
      logger: { ...silentLogger, warn: (event) => void warnings.push(event) },
    })
    const write = async (id: string) => {
      log.write(full({ id }))
      await log.flush()
    }
    await write('before')
    await writeFile(path.join(small, 'filler'), 'x'.repeat(1024 * 1024)).catch(() => undefined)
    for (let i = 0; i < 20; i++) await write(`lost-or-kept-${i}`)
    expect(warnings).toEqual(['request-log.unwritable'])
    await rm(path.join(small, 'filler'))
    await write('after')
    const ids = (await readLines(path.join(small, 'chat_proxy.jsonl'))).map(({ id }) => id)
    expect([ids[0], ids.at(-1)]).toEqual(['before', 'after'])
  })
})
