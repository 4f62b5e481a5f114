import { describe, expect, it } from 'vitest'
import type { Decision, Proposal, ProposedKeyword, Stage } from '../../../src-main/contract/model.ts'
import {
  applyDecisionChange,
  approveDecision,
  type LatestProposals,
  mayApprove,
  type Wanted,
  wantedFields,
} from '../../../src-main/library/decisions.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'

const open: Decision = { photoId: 1, status: 'open', fields: {}, keywords: [], keywordList: null }

const proposal = (stage: Stage, more: Partial<Proposal>): Proposal => ({
  id: 1,
  photoId: 1,
  runId: null,
  stage,
  text: null,
  keywords: [],
  gates: [],
  model: 'm',
  backend: 'embedded',
  promptName: 'p',
  promptHash: 'h',
  parameters: {},
  rawReply: '',
  timings: { prepareMs: 0, requestMs: 0, totalMs: 0 },
  contentHash: 'c',
  settingsHash: 's',
  createdAtMs: 0,
  ...more,
})
const word = (keyword: string, level: ProposedKeyword['level'] = 'propose'): ProposedKeyword => ({
  keyword,
  confidence: null,
  source: 'model',
  level,
})
const latest: LatestProposals = {
  caption: proposal('caption', { text: 'A boat' }),
  description: proposal('description', { text: 'A boat lies in the harbour.' }),
  keywords: proposal('keywords', { keywords: [word('boat'), word('Harbour'), word('gull', 'maybe'), word('BOAT')] }),
}

describe('approving', () => {
  it('fills what is undecided from passing proposals, and leaves what is only perhaps', () => {
    const approved = approveDecision(open, latest)
    expect(approved.status).toBe('approved')
    expect(wantedFields(approved, latest)).toEqual({
      title: { text: 'A boat', policy: 'fill' },
      description: { text: 'A boat lies in the harbour.', policy: 'fill' },
      keywords: { list: null, add: ['boat', 'Harbour'], remove: [], proposed: ['boat', 'Harbour'] },
    })
  })

  it('lands where the settings say; of two texts for one field the short one counts', () => {
    const swapped = { caption: 'altText', description: 'title' } as const
    expect(wantedFields(open, latest, swapped)).toMatchObject({ altText: { text: 'A boat' }, title: { text: 'A boat lies in the harbour.' } })
    expect(wantedFields(open, latest, swapped).description).toBeUndefined()
    const both = { caption: 'description', description: 'description' } as const
    expect(wantedFields(open, latest, both)).toMatchObject({ description: { text: 'A boat', policy: 'fill' } })
    const accepted = applyDecisionChange(open, { kind: 'field', field: 'altText', verdict: 'accept' }, latest, swapped)
    expect(accepted.fields.altText).toEqual({ verdict: 'accept', text: 'A boat', origin: 'proposal' })
  })

  it('carries a mono verdict to the file, the newest alone, and not when it was taken back', () => {
    const told = (verdict: 'pass' | 'fail') => ({ kind: 'mono' as const, mono: { verdict, mode: 'toned', strictness: 'balanced' } })
    const failed = applyDecisionChange(applyDecisionChange(open, told('pass'), {}), told('fail'), {})
    expect(wantedFields(failed, {})).toEqual({ mono: { verdict: 'fail', mode: 'toned', strictness: 'balanced' } })
    expect(mayApprove(failed, {})).toBe(true)
    expect(wantedFields(applyDecisionChange(failed, { kind: 'mono', mono: null }, {}), {})).toEqual({})
  })

  it('never takes a gated proposal, unless a person accepted that very text', () => {
    const gated: LatestProposals = {
      caption: proposal('caption', { text: 'I cannot help', gates: ['refusal'] }),
      keywords: proposal('keywords', { keywords: [word('x')], gates: ['repetition'] }),
    }
    expect(mayApprove(open, gated)).toBe(false)
    expect(wantedFields(approveDecision(open, gated), gated)).toEqual({})
    const explicit = applyDecisionChange(open, { kind: 'field', field: 'title', verdict: 'accept' }, gated)
    expect(mayApprove(explicit, gated)).toBe(true)
    expect(wantedFields(explicit, gated)).toEqual({ title: { text: 'I cannot help', policy: 'replace' } })
  })

  it('leaves every explicit verdict as it is', () => {
    let decision = applyDecisionChange(open, { kind: 'field', field: 'title', verdict: 'reject' }, latest)
    decision = applyDecisionChange(decision, { kind: 'field', field: 'description', verdict: 'accept', text: 'Mine' }, latest)
    decision = applyDecisionChange(decision, { kind: 'keyword', keyword: 'harbour', verdict: 'reject' }, latest)
    decision = applyDecisionChange(decision, { kind: 'keyword', keyword: 'gull', verdict: 'add' }, latest)
    decision = applyDecisionChange(decision, { kind: 'keyword', keyword: 'old', verdict: 'remove' }, latest)
    const approved = approveDecision(decision, latest)
    expect(approved.fields.description).toEqual({ verdict: 'accept', text: 'Mine', origin: 'hand' })
    expect(approved.keywords.map(({ keyword, origin }) => [keyword, origin])).toEqual([
      ['harbour', 'proposal'],
      ['gull', 'proposal'],
      ['old', 'hand'],
      ['boat', 'proposal'],
    ])
    expect(wantedFields(approved, latest)).toEqual({
      description: { text: 'Mine', policy: 'replace' },
      keywords: { list: null, add: ['gull', 'boat'], remove: ['old'], proposed: ['boat'] },
    })
  })

  it('keeps what was approved when the photo is tagged again, and follows the newer words when it is approved again', () => {
    const approved = approveDecision(open, latest)
    const newer: LatestProposals = { ...latest, caption: proposal('caption', { text: 'A ship' }) }
    expect(wantedFields(approved, newer).title?.text).toBe('A boat')
    expect(wantedFields(approveDecision({ ...approved, status: 'open' }, newer), newer).title).toEqual({ text: 'A ship', policy: 'fill' })
  })

  it('adds nothing to a keyword list set by hand, but still applies explicit verdicts', () => {
    let decision = applyDecisionChange(open, { kind: 'keyword-list', keywords: [' a ', 'B', 'b', ''] }, latest)
    decision = applyDecisionChange(decision, { kind: 'keyword', keyword: 'c', verdict: 'add' }, latest)
    expect(wantedFields(approveDecision(decision, latest), latest).keywords).toEqual({ list: ['a', 'B'], add: ['c'], remove: [] })
    const cleared = applyDecisionChange(open, { kind: 'keyword-list', keywords: [] }, latest)
    expect(wantedFields(cleared, {}).keywords).toEqual({ list: [], add: [], remove: [] })
  })
})

describe('what is wanted', () => {
  it('of an open decision is what approving now would write; of a rejected one, nothing', () => {
    const wanted: WantedFields = wantedFields(open, latest) satisfies Wanted
    expect(wanted).toEqual(wantedFields(approveDecision(open, latest), latest))
    expect(wantedFields({ ...approveDecision(open, latest), status: 'rejected' }, latest)).toEqual({})
    expect(mayApprove(open, {})).toBe(false)
    expect(mayApprove({ ...open, status: 'rejected' }, latest)).toBe(true)
  })

  it('of a text emptied by hand is to remove it', () => {
    const decision = applyDecisionChange(open, { kind: 'field', field: 'altText', verdict: 'accept', text: '' }, {})
    expect(wantedFields(decision, {})).toEqual({ altText: { text: null, policy: 'replace' } })
  })
})

describe('changes', () => {
  it('say whose words they are', () => {
    const origin = (text?: string) => applyDecisionChange(open, { kind: 'field', field: 'title', verdict: 'accept', text }, latest).fields.title
    expect(origin()).toMatchObject({ text: 'A boat', origin: 'proposal' })
    expect(origin('A boat')).toMatchObject({ origin: 'proposal' })
    expect(origin('A boat!')).toMatchObject({ origin: 'hand' })
  })

  it('cannot accept what nobody proposed, nor a blank keyword', () => {
    expect(() => applyDecisionChange(open, { kind: 'field', field: 'altText', verdict: 'accept' }, latest)).toThrow(
      expect.objectContaining({ code: 'proposal-missing' }),
    )
    expect(() => applyDecisionChange(open, { kind: 'keyword', keyword: '  ', verdict: 'add' }, latest)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    )
  })

  it('hold one verdict a word, whatever its case, spaces or normal form', () => {
    let decision = applyDecisionChange(open, { kind: 'keyword', keyword: 'Caf\u00e9  bar', verdict: 'add' }, latest)
    decision = applyDecisionChange(decision, { kind: 'keyword', keyword: 'cafe\u0301 BAR ', verdict: 'reject' }, latest)
    expect(decision.keywords).toEqual([{ keyword: 'cafe\u0301 BAR', verdict: 'reject', origin: 'hand' }])
    expect(applyDecisionChange(decision, { kind: 'keyword', keyword: 'CAF\u00c9 BAR', verdict: 'clear' }, latest).keywords).toEqual([])
    const titled = applyDecisionChange(open, { kind: 'field', field: 'title', verdict: 'reject' }, latest)
    expect(applyDecisionChange(titled, { kind: 'field', field: 'title', verdict: 'clear' }, latest).fields).toEqual({})
  })

  it('open a rejected photo again, leave an approved one approved, and never alter what they were given', () => {
    const frozen = Object.freeze({ ...open, fields: Object.freeze({}), keywords: Object.freeze([]) as never })
    const change = { kind: 'keyword', keyword: 'x', verdict: 'add' } as const
    expect(applyDecisionChange({ ...frozen, status: 'rejected' }, change, {}).status).toBe('open')
    expect(applyDecisionChange({ ...frozen, status: 'approved' }, change, {}).status).toBe('approved')
    approveDecision(frozen, latest)
  })
})
