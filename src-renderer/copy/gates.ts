import { GATES, type Gate } from '../../src-main/contract/errors/index.ts'
import { GATE_LABELS, GATE_SENTENCES } from './en/gates.ts'

const known: ReadonlySet<string> = new Set(GATES)

/** Why a proposal needs a closer look. An unknown gate is shown by its name. */
export function explainGate(code: string): string {
  return known.has(code) ? GATE_SENTENCES[code as Gate] : code
}

/** A gate in one or two words, for a list of choices. */
export function nameGate(code: string): string {
  return known.has(code) ? GATE_LABELS[code as Gate] : code
}
