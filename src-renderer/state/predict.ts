/**
 * What a change makes of a decision, for showing it in the very frame of the key press; the studio's answer takes its place a moment later.
 * Only decisions are predicted: each can be undone. Pure.
 */
import type { Decision, DecisionChange } from '../../src-main/contract/model.ts'

const fold = (keyword: string) => keyword.trim().normalize('NFC').toLowerCase()

export function predictDecision(decision: Decision, change: DecisionChange): Decision {
  const next: Decision = { ...decision, status: decision.status === 'rejected' ? 'open' : decision.status }
  switch (change.kind) {
    case 'field': {
      const fields = { ...decision.fields }
      if (change.verdict === 'clear') delete fields[change.field]
      else fields[change.field] = { verdict: change.verdict, text: change.text ?? '', origin: 'proposal' }
      return { ...next, fields }
    }
    case 'keyword':
      return { ...next, keywords: withVerdict(decision.keywords, change) }
    case 'keywords':
      return { ...next, keywords: change.entries.reduce(withVerdict, decision.keywords) }
    case 'keyword-list':
      return { ...next, keywordList: change.keywords }
    case 'mono': {
      const { mono: _before, ...rest } = next
      return change.mono === null ? rest : { ...rest, mono: change.mono }
    }
  }
}

type Entry = Extract<DecisionChange, { kind: 'keywords' }>['entries'][number]

function withVerdict(keywords: Decision['keywords'], { keyword, verdict }: Entry): Decision['keywords'] {
  const others = keywords.filter((entry) => fold(entry.keyword) !== fold(keyword))
  return verdict === 'clear' ? others : [...others, { keyword, verdict, origin: 'hand' }]
}
