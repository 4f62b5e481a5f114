import { type Proposal, type ProposedKeyword, STAGES, type Stage } from '../contract/model.ts'
import type { ProposalStore } from '../tagging/ports.ts'
import { type Connection, fromJson, toJson } from './connection.ts'
import { putSearchKeywords } from './keyword-rows.ts'

interface ProposalRow {
  id: number
  photo_id: number
  run_id: number | null
  stage: Stage
  text: string | null
  keywords: string
  gates: string
  model: string
  backend: string
  prompt_name: string
  prompt_hash: string
  parameters: string
  raw_reply: string
  timings: string
  content_hash: string
  settings_hash: string
  created_at_ms: number
}

const toProposal = (row: ProposalRow): Proposal => ({
  id: row.id,
  photoId: row.photo_id,
  runId: row.run_id,
  stage: row.stage,
  text: row.text,
  keywords: fromJson<ProposedKeyword[]>(row.keywords),
  gates: fromJson<string[]>(row.gates),
  model: row.model,
  backend: row.backend,
  promptName: row.prompt_name,
  promptHash: row.prompt_hash,
  parameters: fromJson<Record<string, unknown>>(row.parameters),
  rawReply: row.raw_reply,
  timings: fromJson<Proposal['timings']>(row.timings),
  contentHash: row.content_hash,
  settingsHash: row.settings_hash,
  createdAtMs: row.created_at_ms,
})

export function createProposalStore(connection: Connection): ProposalStore {
  const findLatest = (photoId: number, stage: Stage): Proposal | undefined => {
    const row = connection.get<ProposalRow>('SELECT * FROM proposals WHERE photo_id = ? AND stage = ? ORDER BY id DESC LIMIT 1', photoId, stage)
    return row && toProposal(row)
  }
  const latest = (photoId: number): Partial<Record<Stage, Proposal>> => {
    const found: Partial<Record<Stage, Proposal>> = {}
    for (const stage of STAGES) {
      const proposal = findLatest(photoId, stage)
      if (proposal) found[stage] = proposal
    }
    return found
  }

  return {
    add(proposal) {
      return connection.transaction('crash-safe', () => {
        const { lastId } = connection.run(
          `INSERT INTO proposals (photo_id, run_id, stage, text, keywords, gates, model, backend, prompt_name, prompt_hash, parameters, raw_reply,
             timings, content_hash, settings_hash, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          proposal.photoId,
          proposal.runId,
          proposal.stage,
          proposal.text,
          toJson(proposal.keywords),
          toJson(proposal.gates),
          proposal.model,
          proposal.backend,
          proposal.promptName,
          proposal.promptHash,
          toJson(proposal.parameters),
          proposal.rawReply,
          toJson(proposal.timings),
          proposal.contentHash,
          proposal.settingsHash,
          proposal.createdAtMs,
        )
        const { photoId } = proposal
        if (proposal.stage === 'keywords') {
          putSearchKeywords(
            connection,
            photoId,
            'proposal',
            proposal.keywords.map(({ keyword }) => keyword),
          )
        }
        const gated = Object.values(latest(photoId)).some(({ gates }) => gates.length > 0)
        connection.run('UPDATE photos SET gated = ? WHERE id = ?', gated ? 1 : 0, photoId)
        return { ...proposal, id: lastId }
      })
    },
    latest,
    alternatives: (photoId, limit) =>
      connection
        .all<ProposalRow>(
          `SELECT * FROM proposals WHERE id IN (
             SELECT max(id) FROM proposals WHERE photo_id = ? GROUP BY stage, model, prompt_hash, text, keywords
           ) ORDER BY id DESC LIMIT ?`,
          photoId,
          limit,
        )
        .map(toProposal),
    findSame(photoId, stage, contentHash, settingsHash) {
      const row = connection.get<ProposalRow>(
        'SELECT * FROM proposals WHERE photo_id = ? AND stage = ? AND content_hash = ? AND settings_hash = ? ORDER BY id DESC LIMIT 1',
        photoId,
        stage,
        contentHash,
        settingsHash,
      )
      return row && toProposal(row)
    },
  }
}
