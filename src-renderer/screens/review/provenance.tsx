import type { Proposal, Review } from '../../../src-main/contract/model.ts'
import { formatPercent, formatTime } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { toggleProvenance } from '../../state/review-actions.ts'
import { ROLES } from '../../state/models-slice.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { KeyHint } from '../shell/key-hint.tsx'

/** On demand: which model said what, with which prompt and how sure it was. */
export function Provenance({ review }: { review: Review }) {
  const studio = useStudio()
  const open = useStudioState((state) => state.review.showProvenance)
  const proposals = ROLES.flatMap((stage) => review.proposals[stage] ?? [])
  return (
    <details className="provenance" open={open}>
      <summary
        onClick={(event) => {
          event.preventDefault()
          toggleProvenance(studio)
        }}
      >
        {words.review.provenance} <KeyHint group="review" action="provenance" />
      </summary>
      {open &&
        (proposals.length === 0 ? (
          <p className="soft">{words.review.byHand}</p>
        ) : (
          proposals.map((proposal) => <Source key={proposal.id} proposal={proposal} />)
        ))}
    </details>
  )
}

function Source({ proposal }: { proposal: Proposal }) {
  const facts: [string, string][] = [
    [words.review.model, proposal.model],
    [words.review.backend, proposal.backend],
    [words.review.prompt, `${proposal.promptName} · ${proposal.promptHash.slice(0, 12)}`],
    [words.review.time, `${formatTime(proposal.createdAtMs)} · ${Math.round(proposal.timings.totalMs)} ms`],
  ]
  return (
    <div className="provenance__source">
      <h4>{words.roles[proposal.stage]}</h4>
      <dl className="changes">
        {facts.map(([name, value]) => (
          <div key={name} className="provenance__fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {proposal.keywords.some((keyword) => keyword.confidence !== null) && (
        <p className="soft">
          {proposal.keywords
            .map((each) => `${each.keyword} ${each.confidence === null ? '' : formatPercent(each.confidence)} (${each.source})`)
            .join(', ')}
        </p>
      )}
      <details>
        <summary>{words.review.rawReply}</summary>
        <pre className="provenance__raw scrolls" tabIndex={0}>
          {proposal.rawReply}
        </pre>
      </details>
    </div>
  )
}
