/** The small parts that read the system: processes, ports, logs, memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { memoryIsBack } from '../../../src-main/backends/launcher/await-memory.ts'
import { createLogFile } from '../../../src-main/backends/launcher/log-file.ts'
import { listeningInodes } from '../../../src-main/backends/launcher/port-owner.ts'
import { isAlive, parseLinuxStat, startTimeOf } from '../../../src-main/backends/launcher/process-table.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

describe('which process it is', () => {
  it('is told from a command whose name tries to look like fields', () => {
    const rest = 'S 1 4242 4242 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 11 0 987654 1 1'
    expect(parseLinuxStat(`99 (a) R 1 1 (x y)) ${rest}`)).toEqual({ state: 'S', group: 4242, startTicks: '987654' })
    expect(parseLinuxStat('')).toBeUndefined()
  })

  it('stays the same while it runs, differs from another, and is nothing when it has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' })
    const pid = child.pid!
    const first = await startTimeOf(pid)
    expect(first).toBeDefined()
    expect(await startTimeOf(pid)).toBe(first)
    expect(await startTimeOf(process.pid)).not.toBe(first)
    expect(isAlive(pid)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await startTimeOf(pid)).toBeUndefined()
    expect(isAlive(pid)).toBe(false)
  })

  it.each([0, 1, -1, 1.5, Number.NaN])('%d is no process of ours', async (pid) => {
    expect(await startTimeOf(pid)).toBeUndefined()
    expect(isAlive(pid)).toBe(false)
  })
})

describe('who listens', () => {
  it('is read from the table: listening sockets of that port alone', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1092 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0',
      '   1: 0100007F:1092 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0',
      '   2: 0100007F:1093 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 333 1 0',
    ].join('\n')
    expect(listeningInodes(table, 0x1092)).toEqual(['111'])
  })
})

describe('the log of a model', () => {
  it('counts from the last start, and shows its end alone', async () => {
    const log = createLogFile(path.join(tempFolder(), 'a', 'm.log'))
    expect(await log.tail()).toBe('')
    const first = log.openForChild()
    writeSync(first.descriptor, 'CUDA out of memory\n')
    first.close()
    expect(await log.tail()).toBe('CUDA out of memory\n')
    const second = log.openForChild()
    writeSync(second.descriptor, `${'x'.repeat(100_000)}end`)
    second.close()
    const tail = await log.tail()
    expect(tail).toHaveLength(64 * 1024)
    expect(tail.endsWith('end')).toBe(true)
    expect(await log.sizeBytes()).toBeGreaterThan(100_000)
  })

  it('is put aside when it is large, three old ones at most, also while the child writes on', async () => {
    vi.useFakeTimers()
    try {
      const file = path.join(tempFolder(), 'm.log')
      const log = createLogFile(file, 10)
      for (const text of ['one-one-one', 'two-two-two', 'three-three', 'four-four-four', 'five-five-five']) {
        const opened = log.openForChild()
        writeSync(opened.descriptor, text)
        opened.close()
      }
      expect([1, 2, 3].map((i) => readFileSync(`${file}.${i}`, 'utf8'))).toEqual(['four-four-four', 'three-three', 'two-two-two'])
      expect(existsSync(`${file}.4`)).toBe(false)
      const opened = log.openForChild()
      const unwatch = log.watch()
      writeSync(opened.descriptor, 'six-six-six-six')
      vi.advanceTimersByTime(10_000)
      writeSync(opened.descriptor, 'on')
      unwatch()
      opened.close()
      expect(readFileSync(file, 'utf8')).toBe('on')
      expect(readFileSync(`${file}.1`, 'utf8')).toBe('six-six-six-six')
    } finally {
      vi.useRealTimers()
    }
  })

  it('of somebody who took the file away is empty, not an error', async () => {
    const file = path.join(tempFolder(), 'm.log')
    writeFileSync(file, 'x')
    expect(await createLogFile(`${file}-gone`).tail()).toBe('')
    expect(await createLogFile(`${file}-gone`).sizeBytes()).toBe(0)
  })
})

describe('memory is back when', () => {
  const card = (freeMb: number | null) => [{ index: 0, name: 'card', totalMb: 16_000, freeMb }]
  it.each([
    ['three quarters of the claim', { claimMb: 9000, before: 4000, now: 10_750 }, true],
    ['not quite as much', { claimMb: 9000, before: 4000, now: 10_700 }, false],
    ['the card does not tell', { claimMb: 9000, before: 4000, now: null }, true],
    ['more was claimed than was in use at all', { claimMb: 14_000, before: 12_000, now: 15_000 }, true],
  ])('%s', (_, { claimMb, before, now }, back) => {
    expect(memoryIsBack({ gpus: [0], claimMb: [claimMb] }, card(before), card(now))).toBe(back)
  })
})
