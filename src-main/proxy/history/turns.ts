/** A conversation as turns: one message of the user with everything up to the next. Pure. */
import { isRecord, type Message } from '../body/look-at-messages.ts'

const isInstruction = (message: Message) => message['role'] === 'system' || message['role'] === 'developer'

function callIdsOf(message: Message): string[] {
  const calls = message['tool_calls']
  if (!Array.isArray(calls)) return []
  return (calls as unknown[]).flatMap((call) => (isRecord(call) && typeof call['id'] === 'string' ? [call['id']] : []))
}

export interface Turns {
  /** Positions of system and developer messages. */
  instructions: number[]
  /** Positions of the messages of each turn, oldest first. What stands before the first message of the user is a turn of its own. */
  turns: number[][]
}

/** A tool's result and the call that it answers are in one turn, whatever stands between them. */
export function splitTurns(messages: readonly Message[]): Turns {
  const instructions: number[] = []
  const turns: number[][] = []
  const turnOfCall = new Map<string, number>()
  for (const [i, message] of messages.entries()) {
    if (isInstruction(message)) {
      instructions.push(i)
      continue
    }
    if (message['role'] === 'user' || turns.length === 0) turns.push([])
    turns.at(-1)!.push(i)
    for (const id of callIdsOf(message)) turnOfCall.set(id, turns.length - 1)
    const answers = message['tool_call_id']
    const calledIn = typeof answers === 'string' ? turnOfCall.get(answers) : undefined
    if (calledIn !== undefined && calledIn < turns.length - 1) turns.push(turns.splice(calledIn).flat())
  }
  return { instructions, turns }
}
