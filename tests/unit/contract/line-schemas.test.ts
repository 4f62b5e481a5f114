import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  journalEntry,
  metadataSnapshot,
  photoSummary,
  plan,
  proposal,
  proposedKeyword,
  selection,
  writeOutcome,
} from '../../../src-main/contract/model.ts'
import { monoOutcome } from '../../../src-main/contract/mono.ts'
import { GATES } from '../../../src-main/contract/errors/index.ts'

/** What the command line prints with --json, one object a line, in the contract's words. Published in configs/schemas for scripts to rely on. */
const proposedText = z.strictObject({ text: z.string(), model: proposal.shape.model, gates: z.array(z.enum(GATES)) }).nullable()
const lines = {
  list: z.strictObject({ path: photoSummary.shape.path, id: photoSummary.shape.id, state: photoSummary.shape.state }),
  proposals: z.strictObject({
    path: photoSummary.shape.path,
    caption: proposedText,
    keywords: z.array(z.strictObject(proposedKeyword.shape)),
    description: proposedText,
    state: photoSummary.shape.state,
  }),
  plan: z.strictObject({
    path: plan.shape.path,
    target: plan.shape.target,
    targetPath: plan.shape.targetPath,
    changes: plan.shape.changes,
    warnings: plan.shape.warnings,
  }),
  write: z.strictObject({
    path: writeOutcome.shape.path,
    outcome: writeOutcome.shape.outcome,
    code: writeOutcome.shape.code,
    message: writeOutcome.shape.message,
    writeId: writeOutcome.shape.writeId,
    threeWay: writeOutcome.shape.threeWay,
  }),
  metadata: z.strictObject({ path: z.string(), ...metadataSnapshot.shape }),
  journal: z.strictObject({
    writeId: journalEntry.shape.writeId,
    kind: journalEntry.shape.kind,
    path: journalEntry.shape.path,
    time: z.iso.datetime(),
    run: journalEntry.shape.run,
    changes: journalEntry.shape.changes,
    state: journalEntry.shape.state,
  }),
  'models-select': z.strictObject(selection.shape),
  'mono-check': z.strictObject(monoOutcome.shape),
}
const TITLES: Record<keyof typeof lines, string> = {
  list: 'A line of `imageworks list --json` and `imageworks import --json`',
  proposals: 'A line of `imageworks proposals --json` and `imageworks tag --json`',
  plan: 'A line of `imageworks plan --json`',
  write: 'A line of `imageworks write --json` and `imageworks revert --json`',
  metadata: 'The line of `imageworks metadata --json`',
  journal: 'A line of `imageworks journal --json`',
  'models-select': 'The line of `imageworks models select --json`',
  'mono-check': 'A line of `imageworks mono check --json`',
}
const names = Object.keys(lines) as (keyof typeof lines)[]
const fileOf = (name: string): URL => new URL(`../../../configs/schemas/${name}.schema.json`, import.meta.url)
const published = (name: string) => JSON.parse(readFileSync(fileOf(name), 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]

const path = '/photos/a.jpg'
const change = { field: 'keywords', from: [], to: ['dog'] }
const samples: Record<keyof typeof lines, { good: object[]; bad: object[] }> = {
  list: {
    good: [{ path, id: 1, state: 'proposed' }],
    bad: [
      { path, id: 0, state: 'proposed' },
      { path, id: 1, state: 'tagged' },
      { path, id: 1 },
      { path, id: 1, state: 'proposed', extra: 1 },
    ],
  },
  proposals: {
    good: [
      { path, caption: null, keywords: [], description: null, state: 'untagged' },
      {
        path,
        caption: { text: 'A dog.', model: 'm', gates: [] },
        keywords: [{ keyword: 'dog', confidence: null, source: 'model', level: 'maybe' }],
        description: { text: '', model: 'm', gates: ['empty'] },
        state: 'proposed',
      },
    ],
    bad: [
      { path, caption: { text: 'A dog.', model: 'm', gates: ['bad-mood'] }, keywords: [], description: null, state: 'proposed' },
      {
        path,
        caption: null,
        keywords: [{ keyword: 'dog', confidence: 1.2, source: 'model', level: 'propose' }],
        description: null,
        state: 'proposed',
      },
    ],
  },
  plan: {
    good: [{ path, target: 'sidecar', targetPath: '/photos/a.xmp', changes: [change], warnings: [{ code: 'value-truncated', message: 'x' }] }],
    bad: [
      { path, target: 'both', targetPath: '', changes: [], warnings: [] },
      { path, target: 'embedded', targetPath: path, changes: [{ field: 'rating', from: null, to: '5' }], warnings: [] },
    ],
  },
  write: {
    good: [
      { path, outcome: 'written', code: null, message: null, writeId: 3 },
      { path, outcome: 'refused', code: 'file-read-only', message: 'x', writeId: null },
    ],
    bad: [
      { path, outcome: 'ok', code: null, message: null, writeId: 3 },
      { path, outcome: 'written', code: null, message: null },
    ],
  },
  metadata: {
    good: [
      {
        path,
        title: null,
        description: '',
        altText: null,
        extendedDescription: 'A dog, seen from the side.',
        keywords: ['dog'],
        hierarchicalKeywords: ['animal|dog'],
        monoVerdict: 'pass',
        monoMode: 'toned',
        monoStrictness: null,
        sources: { keywords: ['XMP-dc:Subject'] },
        conflicts: [
          {
            field: 'title',
            values: [
              { tag: 'XMP-dc:Title', value: 'a' },
              { tag: 'IPTC:ObjectName', value: 'b' },
            ],
          },
        ],
      },
    ],
    bad: [{ path, title: 5, description: null, altText: null, keywords: [], hierarchicalKeywords: [], sources: {}, conflicts: [] }],
  },
  journal: {
    good: [{ writeId: 1, kind: 'revert', path, time: '2024-05-01T10:00:00.000Z', run: 1, changes: [change], state: 'reverted' }],
    bad: [
      { writeId: 1, kind: 'write', path, time: 'yesterday', run: 1, changes: [], state: 'written' },
      { writeId: 1, kind: 'write', path, time: '2024-05-01T10:00:00.000Z', run: 1, changes: [], state: 'lost' },
    ],
  },
  'models-select': {
    good: [
      {
        role: 'caption',
        profile: 'cpu_only',
        models: [{ name: 'm', backend: 'embedded', quantization: null, vram_estimate_mb: null, role_priority: 10, reasons: ['fits'] }],
        rejected: [{ name: 'n', reason: 'too large' }],
      },
    ],
    bad: [
      {
        role: 'caption',
        profile: 'p',
        models: [{ name: 'm', backend: 'cloud', quantization: null, vram_estimate_mb: null, role_priority: 1, reasons: [] }],
        rejected: [],
      },
    ],
  },
  'mono-check': {
    good: [{ photoId: 1, path, check: null, problem: { code: 'photo-damaged', message: 'x' } }],
    bad: [
      { photoId: 1, path, check: { verdict: 'maybe' }, problem: null },
      { photoId: 1, path, problem: null },
    ],
  },
}

describe('the schemas of --json lines', () => {
  it.each(names)('%s: says what the contract says (UPDATE_SCHEMAS=1 writes it)', (name) => {
    const { $schema, ...rest } = z.toJSONSchema(lines[name])
    const schema = { $schema, title: TITLES[name], ...rest }
    if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(fileOf(name), `${JSON.stringify(schema, null, 2)}\n`)
    expect(published(name)).toEqual(schema)
  })

  it.each(names)('%s: takes good lines and refuses bad ones', (name) => {
    const schema = z.fromJSONSchema(published(name))
    for (const line of samples[name].good) expect(schema.safeParse(line).error?.issues ?? []).toEqual([])
    for (const line of samples[name].bad) expect(schema.safeParse(line).success, JSON.stringify(line)).toBe(false)
  })
})
