import { RefreshCw } from 'lucide-react'
import type { Stage } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { openAgain } from '../../state/answer-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

export function AgainButton({ stage, label }: { stage: Stage; label: string }) {
  const studio = useStudio()
  return (
    <Button small icon look="quiet" aria-label={`${words.review.again}: ${label}`} onClick={() => void openAgain(studio, stage)}>
      <RefreshCw size={14} aria-hidden />
    </Button>
  )
}

/** Which model is being asked for this field of this photo, while it is. */
export function AskedNote({ stage }: { stage: Stage }) {
  const photoId = useStudioState((state) => state.review.queue[state.review.index])
  const model = useStudioState((state) => state.review.asking[`${photoId} ${stage}`])
  return model === undefined ? null : (
    <p className="soft" role="status" data-testid="asking">
      {words.review.asking(model)}
    </p>
  )
}
