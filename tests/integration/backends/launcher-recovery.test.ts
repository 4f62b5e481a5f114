/** Our own process is killed while model servers run: the next one takes them over or ends them, and never touches a stranger. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ProcessView } from '../../../src-main/backends/launcher/process-runner.ts'
import { findStartTimeNow, startTimeOf } from '../../../src-main/backends/launcher/process-table.ts'
import { bundleTs } from '../../helpers/bundle-ts.mjs'
import { killNow } from '../../helpers/children/start-child.ts'
import { alive, makeRunner, makeStage, ON_PROCESSOR, scriptedEntry, type Stage, startOptions, until } from './launcher-kit.ts'

let bundle: Promise<string> | undefined

async function studioWith(stage: Stage, entries: readonly unknown[]): Promise<{ studio: ChildProcess; view: ProcessView[] }> {
  bundle ??= bundleTs({ 'launcher-child': 'tests/helpers/children/launcher-child.ts' }, 'launcher-child')
  const file = path.join(await bundle, 'launcher-child.js')
  const studio = fork(file, [stage.configsFolder, stage.dataFolder, ...entries.map((entry) => JSON.stringify(entry))], { execArgv: [] })
  onTestFinished(() => void studio.kill('SIGKILL'))
  const ended = once(studio, 'exit').then(([code]) => Promise.reject(new Error(`the studio ended with ${code} before it was ready`)))
  ended.catch(() => undefined)
  const [{ view }] = (await Promise.race([once(studio, 'message'), ended])) as [{ view: ProcessView[] }]
  onTestFinished(() => {
    for (const { pid } of view) if (pid !== null && alive(pid)) process.kill(-pid, 'SIGKILL')
  })
  return { studio, view }
}

const pidFolder = (stage: Stage) => path.join(stage.dataFolder, 'backends')
const pidFilesIn = (stage: Stage) => readdirSync(pidFolder(stage)).filter((name) => name.endsWith('.json'))

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

describe('after kill -9 of the studio', () => {
  it('the next one adopts who serves, ends who does not, and at its own end nothing is left', async () => {
    const stage = makeStage()
    const { studio, view } = await studioWith(stage, [
      scriptedEntry(stage, 'ready-a'),
      scriptedEntry(stage, 'ready-b', ['--spawn-grandchild', '--ignore-sigterm'], { backend: 'llamacpp' }),
      scriptedEntry(stage, 'loading-c', ['--load-ms', '60000']),
    ])
    await killNow(studio)
    const pidOf = (name: string) => view.find((each) => each.name === name)!.pid!
    const pids = ['ready-a', 'ready-b', 'loading-c'].map(pidOf)
    expect(pids.map(alive)).toEqual([true, true, true])

    const runner = makeRunner(stage)
    const adopted = await runner.recover()
    expect(adopted.map(({ entry, placement }) => [entry.name, placement]).sort()).toEqual([
      ['ready-a', { gpus: [2], claimMb: [1000] }],
      ['ready-b', { gpus: [2], claimMb: [1000] }],
    ])
    expect(pids.map(alive)).toEqual([true, true, false])
    expect(pidFilesIn(stage).sort()).toEqual(['ready-a.json', 'ready-b.json'])

    // The same process answers on, and no second one is started.
    await runner.start(scriptedEntry(stage, 'ready-a'), ON_PROCESSOR, startOptions())
    expect(runner.view().find(({ name }) => name === 'ready-a')).toMatchObject({ pid: pidOf('ready-a'), adopted: true, state: 'ready' })
    const reply = await fetch(`${runner.baseUrlOf('ready-a')}/chat/completions`, { method: 'POST', body: '{"model":"ready-a","messages":[]}' })
    expect(reply.status).toBe(200)

    const grandchild = Number(/"grandchild":(\d+)/.exec(readFileSync(path.join(stage.dataFolder, 'logs', 'backends', 'ready-b.log'), 'utf8'))![1])
    expect(alive(grandchild)).toBe(true)
    await runner.dispose()
    expect([...pids, grandchild].map(alive)).toEqual([false, false, false, false])
    expect(pidFilesIn(stage)).toEqual([])
    const ports = view.map(({ port }) => port!)
    expect(await Promise.all(ports.map(portIsFree))).toEqual([true, true, true])
  })

  it('the end of an adopted process is seen within a second', async () => {
    const stage = makeStage()
    const { studio, view } = await studioWith(stage, [scriptedEntry(stage, 'ready-a', ['--spawn-grandchild', '--ignore-sigterm'])])
    const grandchild = Number(/"grandchild":(\d+)/.exec(readFileSync(view[0]!.logFile, 'utf8'))![1])
    await killNow(studio)
    const runner = makeRunner(stage)
    await runner.recover()
    let goneAt = 0
    runner.onGone(() => {
      goneAt = performance.now()
    })
    const from = performance.now()
    process.kill(view[0]!.pid!, 'SIGKILL')
    await until('gone', () => goneAt > 0, 3000)
    expect(goneAt - from).toBeLessThan(1000)
    if (process.platform === 'linux') await until('grandchild gone', () => !alive(grandchild), 2000)
    expect(runner.baseUrlOf('ready-a')).toBeNull()
    await runner.start(scriptedEntry(stage, 'ready-a'), ON_PROCESSOR, startOptions())
    expect(runner.view()[0]).toMatchObject({ state: 'ready', adopted: false })
  })

  it('a model that nobody knows any more is ended, though it serves', async () => {
    const stage = makeStage()
    const { studio, view } = await studioWith(stage, [scriptedEntry(stage, 'ready-a')])
    await killNow(studio)
    expect(await makeRunner(stage, { findEntry: async () => undefined }).recover()).toEqual([])
    expect(alive(view[0]!.pid!)).toBe(false)
  })

  it('a grandchild that outlived its server is ended by the mark that it carries', async ({ skip }) => {
    skip(process.platform !== 'linux', 'only Linux shows the environment of a process')
    const stage = makeStage()
    const { studio, view } = await studioWith(stage, [scriptedEntry(stage, 'ready-a', ['--spawn-grandchild', '--ignore-sigterm'])])
    const grandchild = Number(/"grandchild":(\d+)/.exec(readFileSync(view[0]!.logFile, 'utf8'))![1])
    await killNow(studio)
    process.kill(view[0]!.pid!, 'SIGKILL')
    await until('server gone', () => !alive(view[0]!.pid!))
    expect(alive(grandchild)).toBe(true)
    await makeRunner(stage).recover()
    await until('grandchild gone', () => !alive(grandchild), 2000)
    expect(pidFilesIn(stage)).toEqual([])
  })
})

describe('a pid that the system gave out again', () => {
  /** Somebody else's process, which leads its own group, so that a signal to the group would reach it. */
  function stranger(): number {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { detached: true, stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child.pid!
  }
  const record = (pid: number, startTime: string | null, more: Record<string, unknown> = {}) => ({
    schema_version: 1,
    name: 'model-a',
    pid,
    start_time: startTime,
    run: 'some-run',
    command: ['x'],
    port: 1,
    served_id: 'model-a',
    launch_profile: 'vllm',
    placement: { gpus: [], claim_mb: [] },
    load_ms: null,
    started_at_ms: 0,
    owner_pid: 999_999,
    owner_start_time: null,
    ...more,
  })
  const writeRecord = (stage: Stage, value: unknown, name = 'model-a.json') => {
    mkdirSync(pidFolder(stage), { recursive: true })
    writeFileSync(path.join(pidFolder(stage), name), JSON.stringify(value))
  }

  it.each([
    ['another start time', 'another-boot:12345'],
    ['no start time', null],
  ])('is left alone: %s', async (_, startTime) => {
    const stage = makeStage()
    const pid = stranger()
    writeRecord(stage, record(pid, startTime))
    const runner = makeRunner(stage)
    expect(await runner.recover()).toEqual([])
    await runner.dispose()
    expect(alive(pid)).toBe(true)
    expect(pidFilesIn(stage)).toEqual([])
  })

  it('is ended when it is the very process', async () => {
    const stage = makeStage()
    const pid = stranger()
    writeRecord(stage, record(pid, (await startTimeOf(pid))!))
    expect(await makeRunner(stage).recover()).toEqual([])
    expect(alive(pid)).toBe(false)
  })

  it('of a studio that lives is none of our business', async ({ skip }) => {
    skip(process.platform !== 'linux', 'the start time has to be there at once')
    const stage = makeStage()
    const pid = stranger()
    const owner = { owner_pid: process.pid, owner_start_time: findStartTimeNow(process.pid)! }
    writeRecord(stage, record(pid, (await startTimeOf(pid))!, owner))
    expect(await makeRunner(stage).recover()).toEqual([])
    expect([alive(pid), existsSync(path.join(pidFolder(stage), 'model-a.json'))]).toEqual([true, true])
  })

  it.each([
    ['half a file', '{"schema_version":1,"na', 'model-a.json'],
    ['a pid of everybody', JSON.stringify(record(1, null)), 'model-a.json'],
    ['a negative pid', JSON.stringify(record(-1, null)), 'model-a.json'],
    ['another name than its file', JSON.stringify(record(4242, null)), 'other.json'],
    ['a name that is a path', JSON.stringify(record(4242, null, { name: '../../x' })), 'model-a.json'],
  ])('a file that is no record is taken away and kills nobody: %s', async (_, text, name) => {
    const stage = makeStage()
    mkdirSync(pidFolder(stage), { recursive: true })
    writeFileSync(path.join(pidFolder(stage), name), text)
    expect(await makeRunner(stage).recover()).toEqual([])
    expect(pidFilesIn(stage)).toEqual([])
  })
})
