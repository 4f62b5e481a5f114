import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Connection } from '../../../src-main/db/connection.ts'
import type { StoredMeasurement } from '../../../src-main/db/measurements-repository.ts'
import { migrate } from '../../../src-main/db/migrate.ts'
import { MIGRATIONS } from '../../../src-main/db/migrations/index.ts'
import { createRequestStore, type LoggedRequest } from '../../../src-main/db/requests-repository.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { foundPhoto, openTestDatabase } from '../../helpers/database-samples.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const measured = (more: Partial<StoredMeasurement> = {}): StoredMeasurement => ({
  ...{ model: 'm', quantization: 'fp8', backend: 'vllm', gpuSet: '0', contextTokens: 6144, slots: 1, backendVersion: '0.11' },
  ...{ peakMb: 10_500.5, reservedMb: null, neededMb: null, loadMs: 42_000, coldTtftMs: 900, coldSamples: 1, ttftMs: null, tokensPerS: null },
  ...{ samples: 0, observedAtMs: 1000 },
  ...more,
})

describe('a library of an earlier studio', () => {
  it('gets the new tables and loses nothing', () => {
    const folder = tempFolder()
    const file = path.join(folder, 'studio.sqlite')
    const old = new Connection(file, folder, 1000)
    migrate(old, MIGRATIONS.slice(0, 1), folder)
    old.run(`INSERT INTO settings (key, value) VALUES ('theme', '"dark"')`)
    old.close()
    const { settings, measurements, requests } = openTestDatabase(folder)
    expect(settings.find('theme')).toBe('dark')
    expect([measurements.all(), requests.count()]).toEqual([[], 0])
    const db = new DatabaseSync(file)
    onTestFinished(() => db.close())
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length })
  })
})

describe('measurements', () => {
  it('come back as they were put, over a restart', () => {
    const folder = tempFolder()
    const first = openTestDatabase(folder)
    first.measurements.put(measured())
    first.close()
    expect(openTestDatabase(folder).measurements.find(measured())).toEqual(measured())
  })
  it("of another context, card, version or slot count must not take each other's place", () => {
    const { measurements } = openTestDatabase(tempFolder())
    const ways = [{}, { contextTokens: 8192 }, { gpuSet: '0,1' }, { backendVersion: '' }, { slots: 2 }, { quantization: '' }, { backend: 'ollama' }]
    for (const [i, way] of ways.entries()) measurements.put(measured({ ...way, observedAtMs: i }))
    expect(measurements.ofModel('m')).toHaveLength(ways.length)
    expect(measurements.ofModel('m')[0]?.backend).toBe('ollama')
    measurements.put(measured({ peakMb: 11_000, observedAtMs: 99 }))
    expect(measurements.ofModel('m')).toHaveLength(ways.length)
    expect(measurements.find(measured())?.peakMb).toBe(11_000)
    expect(measurements.ofModel('other')).toEqual([])
    measurements.forget('m')
    expect(measurements.all()).toEqual([])
  })
  it('of one model stay bounded, the newest are kept', () => {
    const { measurements } = openTestDatabase(tempFolder())
    for (let i = 0; i < 70; i++) measurements.put(measured({ contextTokens: 256 * (i + 1), observedAtMs: i }))
    measurements.put(measured({ model: 'other', observedAtMs: -1 }))
    const kept = measurements.ofModel('m')
    expect([kept.length, kept[0]?.observedAtMs, kept.at(-1)?.observedAtMs]).toEqual([50, 69, 20])
    expect(measurements.ofModel('other')).toHaveLength(1)
  })
})

describe('the request log', () => {
  const request = (id: string, more: Partial<LoggedRequest> & Record<string, unknown> = {}): LoggedRequest => ({
    ...{ id, time: new Date(Date.now()).toISOString(), model: 'm', role: null, status: 200, error_code: null },
    ...more,
  })

  it('keeps the whole record, whatever fields it grows', () => {
    const { requests } = openTestDatabase(tempFolder())
    const record = request('a', {
      queue_ms: 12,
      trimmed: { turns: 2 },
      attempt: 1,
      tokens_estimated: true,
      images: { count: 1, bytes: 5, hash: 'h' },
    })
    requests.add([record])
    expect(requests.newest(10)).toEqual([record])
  })
  it('pages back from the newest, by model and by failure', () => {
    const { requests } = openTestDatabase(tempFolder())
    for (let i = 0; i < 6; i++) requests.add([request(String(i), { model: i % 2 ? 'odd' : 'even', error_code: i === 3 ? 'backend-timeout' : null })])
    const ids = (rows: Record<string, unknown>[]) => rows.map(({ id }) => id)
    expect(ids(requests.newest(2))).toEqual(['5', '4'])
    expect(ids(requests.find({ limit: 2, beforeId: '4' }))).toEqual(['3', '2'])
    expect(ids(requests.find({ limit: 9, model: 'even' }))).toEqual(['4', '2', '0'])
    expect(ids(requests.find({ limit: 9, failedOnly: true }))).toEqual(['3'])
    expect(requests.find({ limit: 9, beforeId: 'nobody' })).toEqual([])
  })
  it('never grows past its bounds in rows and days', () => {
    const folder = tempFolder()
    const connection = new Connection(path.join(folder, 'x.sqlite'), folder, 1000)
    onTestFinished(() => connection.close())
    migrate(connection, MIGRATIONS, folder)
    const day = 24 * 3600 * 1000
    let nowMs = 100 * day
    const requests = createRequestStore(connection, { ...systemClock, nowMs: () => nowMs }, { rows: 20, clearEvery: 5 })
    const at = () => new Date(nowMs).toISOString()
    for (let i = 0; i < 60; i++) requests.add([request(String(i), { time: at() })])
    expect(requests.count()).toBeLessThanOrEqual(25)
    expect(requests.newest(1)[0]).toMatchObject({ id: '59' })
    nowMs += 31 * day
    for (let i = 0; i < 5; i++) requests.add([request(`new-${i}`, { time: at() })])
    expect(requests.count()).toBe(5)
    requests.add([request('odd', { time: 'yesterday' })])
    expect(requests.newest(1)[0]).toMatchObject({ id: 'odd' })
  })
  it('costs the photos nothing: one transaction each, none held open', () => {
    const { requests, photos } = openTestDatabase(tempFolder())
    requests.add([request('a')])
    expect(photos.putFound([foundPhoto('/p/a.jpg')]).ids).toHaveLength(1)
  })
})
