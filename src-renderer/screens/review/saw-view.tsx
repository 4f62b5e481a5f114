import type { Proposal, Review } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { ROLES } from '../../state/models-slice.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** The very JPEG that the model was sent, at its own size, and what went with it. */
export function SawView({ review }: { review: Review }) {
  const studio = useStudio()
  const proposal = ROLES.map((stage) => review.proposals[stage]).find((each): each is Proposal => each !== undefined)
  const model = useStudioState((state) => state.models.list)?.find((each) => each.name === proposal?.model)?.displayName ?? proposal?.model
  const longEdge = proposal?.parameters['longEdge']
  if (!proposal || typeof longEdge !== 'number') return <p className="soft compare__empty">{words.review.sawNothing}</p>
  const { viewWidth, viewHeight, photoFacts } = proposal.parameters
  const changed = review.photo.contentHash !== null && review.photo.contentHash !== proposal.contentHash
  return (
    <figure className="saw scrolls" tabIndex={0} aria-label={words.review.saw} data-testid="saw">
      <img src={studio.client.viewUrl(review.photo.id, longEdge)} alt={words.review.sawAlt(review.photo.name)} />
      <figcaption>
        <p>
          {words.review.sawSize(model ?? proposal.model, Number(viewWidth), Number(viewHeight))}{' '}
          {photoFacts === true ? words.review.sawFacts : words.review.sawNoFacts}
        </p>
        {changed && <p className="state--warn">{words.review.sawChanged}</p>}
      </figcaption>
    </figure>
  )
}
