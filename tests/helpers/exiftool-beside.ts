/**
 * An ExifTool beside the product, for what a test prepares and what it looks at itself: one process for a whole test file, asked without
 * waiting in between. Starting one for every question took most of the time of the metadata tests.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const PROGRAM = path.resolve(import.meta.dirname, '../../node_modules/exiftool-vendored.pl/bin/exiftool')
const LONGEST_ANSWER_MS = 60_000
/** Goes with the test that started it. */
const WITH_PARENT = '$p = getppid; $SIG{ALRM} = sub { exit if getppid != $p; alarm 2 }; alarm 2; $0 = shift @ARGV; do $0'

interface Process {
  child: ChildProcess
  questions: number
  answers: number
  answeredBytes: number
  asked: number
}
let running: Process | null = null

/** What ExifTool prints. Throws where its exit code would not be 0. */
export function askExifTool(args: readonly string[]): string {
  // What cannot stand on a line of an argument file is asked on a command line.
  const isPlain = args.every((arg) => arg !== '' && arg.trim() === arg && !/[\r\n]/.test(arg) && !arg.startsWith('#'))
  if (process.platform !== 'linux' || !isPlain) {
    return execFileSync(PROGRAM, ['-config', '', ...args], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })
  }
  running ??= start()
  const mark = ++running.asked
  writeSync(running.questions, `${[...args, '-echo3', `{status \${status}}`, `-execute${mark}`].join('\n')}\n`)
  const answer = waitFor(running, `{ready${mark}}\n`)
  const end = /\{status (\d+)\}\n$/.exec(answer)
  if (end?.[1] !== '0') throw new Error(`ExifTool ended ${args.join(' ')} with ${end?.[1] ?? 'no'} status: ${answer.slice(0, 300)}`)
  return answer.slice(0, end.index)
}

function start(): Process {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-exiftool-'))
  const files = { questions: path.join(folder, 'questions'), answers: path.join(folder, 'answers') }
  const questions = openSync(files.questions, 'a')
  const answers = openSync(files.answers, 'w+')
  const command = ['-e', WITH_PARENT, PROGRAM, '-config', '', '-stay_open', 'True', '-@', files.questions]
  const child = spawn('/usr/bin/perl', command, { stdio: ['ignore', answers, 'ignore'], env: { ...process.env, LANG: 'C' } })
  child.unref()
  process.once('exit', () => {
    child.kill('SIGKILL')
    for (const file of [questions, answers]) closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  })
  return { child, questions, answers, answeredBytes: 0, asked: 0 }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))

function waitFor(of: Process, mark: string): string {
  const startedMs = performance.now()
  for (;;) {
    const { size } = fstatSync(of.answers)
    const bytes = Buffer.alloc(size - of.answeredBytes)
    readSync(of.answers, bytes, 0, bytes.length, of.answeredBytes)
    if (bytes.subarray(-mark.length).toString('latin1') === mark) {
      of.answeredBytes = size
      return bytes.subarray(0, -mark.length).toString('utf8')
    }
    if (performance.now() - startedMs > LONGEST_ANSWER_MS) throw new Error('ExifTool gives no answer')
    Atomics.wait(sleeper, 0, 0, 2)
  }
}
