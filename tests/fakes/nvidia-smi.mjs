// NVIDIA's tool as a program. Reads `nvidia-smi.json` beside argv[1] at every round: {cards: [line…], programs: [line…], unknown: [column…],
// rounds: N (ends after so many), hang: true (says nothing)}. Writes a line to `nvidia-smi.log` for its start and for its end by itself.
import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'

const folder = path.dirname(process.argv[1])
const state = () => JSON.parse(readFileSync(path.join(folder, 'nvidia-smi.json'), 'utf8'))
const flag = (name) => process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3)
const [cards, programs, loopMs] = [flag('query-gpu'), flag('query-compute-apps'), Number(flag('loop-ms') ?? 0)]
const what = `${cards === undefined ? 'programs' : 'cards'} ${loopMs > 0 ? 'loop' : 'once'}`
appendFileSync(path.join(folder, 'nvidia-smi.log'), `start ${what} ${process.pid}\n`)

const refused = (cards ?? programs ?? '').split(',').find((column) => state().unknown?.includes(column))
if (refused !== undefined) {
  process.stderr.write(`Field "${refused}" is not a valid field to query.\n`)
  process.exit(2)
}
let rounds = 0
const round = () => {
  const now = state()
  if (now.hang) return
  const stamp = programs?.startsWith('timestamp') ? `2026/11/25 03:00:${String(rounds % 60).padStart(2, '0')}.${rounds}, ` : ''
  const lines = cards === undefined ? (now.programs ?? []).map((line) => stamp + line) : now.cards
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  rounds += 1
  if (now.rounds !== undefined && rounds >= now.rounds) {
    appendFileSync(path.join(folder, 'nvidia-smi.log'), `end ${what}\n`)
    process.exit(1)
  }
}
// As the real one: the end of whoever reads is its own.
process.stdout.on('error', () => process.exit(0))
round()
if (loopMs > 0) setInterval(round, loopMs)
