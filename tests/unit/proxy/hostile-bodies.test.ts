import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../src-main/proxy/body/bytes.ts'
import { readChatBody } from '../../../src-main/proxy/body/chat-body.ts'

const MIB = 1024 * 1024
const around = (value: string | Buffer) =>
  Buffer.concat([Buffer.from('{"model":"m","messages":[{"role":"user","content":'), Buffer.from(value), Buffer.from('}]}')])
/** As a socket gives it. */
const inParts = (body: Buffer) =>
  bytesOf(Array.from({ length: Math.ceil(body.length / 65_536) }, (_, i) => body.subarray(i * 65_536, (i + 1) * 65_536)))
const text = (inner: string) => around(`"${inner}"`)

/** The longest time in ms during which nothing else could run while `work` went on; time that other processes had our core for does not count. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let isOver = false
  let [last, lastCpu] = [performance.now(), process.cpuUsage()]
  const note = () => {
    const spent = process.cpuUsage(lastCpu)
    longest = Math.max(longest, Math.min(performance.now() - last, (spent.user + spent.system) / 1000))
    ;[last, lastCpu] = [performance.now(), process.cpuUsage()]
  }
  const beat = () => {
    note()
    if (!isOver) setImmediate(beat)
  }
  setImmediate(beat)
  await work().catch(() => undefined)
  isOver = true
  await new Promise((resolve) => setImmediate(resolve))
  note()
  return longest
}

/** The collector of garbage may come in between; what blocks, blocks every time. */
async function bestOf(times: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < times && best > 50; i++) best = Math.min(best, await longestBlock(work))
  return best
}

describe('a body that is made to stop the studio must not stop it for 50 ms', () => {
  const bodies: [string, () => Buffer][] = [
    ['16 MiB of numbers', () => around(`[${'1,'.repeat(8 * MIB)}1]`)],
    ['16 MiB of escaped quotes', () => text('\\"'.repeat(8 * MIB))],
    ['16 MiB of escaped slashes', () => text('\\\\'.repeat(8 * MIB))],
    ['16 MiB of blanks', () => around(`${' '.repeat(16 * MIB)}"x"`)],
    ['16 MiB of short texts', () => around(`[${'"aaaaaa",'.repeat(2 * MIB)}"x"]`)],
    ['16 MiB of picture', () => text(`data:image/jpeg;base64,${'A'.repeat(16 * MIB)}`)],
    ['12 MiB of prose', () => text('wörter und '.repeat(MIB))],
  ]
  for (const [what, make] of bodies) {
    it(what, { timeout: 30_000 }, async () => {
      const body = make()
      expect(await bestOf(3, () => readChatBody(inParts(body)))).toBeLessThan(50)
    })
  }
})

describe('and is refused before it is parsed', () => {
  const refused: [string, Buffer, RegExp][] = [
    ['a million values', around(`[${'1,'.repeat(1_000_000)}1]`), /more than 100000 values/],
    ['10,000 levels', around(`${'['.repeat(10_000)}${']'.repeat(10_000)}`), /deeper than 64/],
    ['a text without end', Buffer.from('{"model":"m","messages":"x'), /not closed|not complete/],
    ['slashes without end', text('\\'.repeat(200_000)), /backslashes in a row/],
    ['two documents', Buffer.from('{"model":"m"}{"model":"n"}'), /follows its end/],
  ]
  for (const [what, body, why] of refused) {
    it(what, () =>
      expect(readChatBody(inParts(body))).rejects.toThrow(expect.objectContaining({ code: 'request-invalid', message: expect.stringMatching(why) })),
    )
  }
})
