/** One line of stdin that nobody should see: not echoed on a terminal, never part of the command's own words. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { StudioError } from '../lib/studio-error.ts'

const LONGEST = 4096

/** @throws StudioError `invalid-request` when stdin ends without a line or the line is longer than 4096 characters. */
export async function readSecret(question: string, input: NodeJS.ReadStream = process.stdin): Promise<string> {
  const isTerminal = input.isTTY === true
  if (isTerminal) process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: isTerminal, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    for await (const line of lines) {
      const secret = line.trim()
      if (secret === '') continue
      if (secret.length > LONGEST) throw new StudioError('invalid-request', `The line on stdin is longer than ${LONGEST} characters.`)
      return secret
    }
    throw new StudioError('invalid-request', 'Nothing came on stdin. Give the secret there, for example: printf %s "$KEY" | imageworks …')
  } finally {
    lines.close()
    if (isTerminal) process.stderr.write('\n')
  }
}
