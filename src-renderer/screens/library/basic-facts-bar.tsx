import { Info, X } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { openDialog } from '../../state/navigation.ts'
import { useStudio } from '../../state/use-studio.ts'

/** Says plainly what the embedded model can and cannot do. */
export function BasicFactsBar({ onDismiss }: { onDismiss: () => void }) {
  const studio = useStudio()
  return (
    <div className="facts" data-testid="basic-facts">
      <Info size={15} aria-hidden />
      <p>
        <strong>{words.basicFacts.title}</strong> <span className="soft">{words.basicFacts.text}</span>
      </p>
      <Button small onClick={() => openDialog(studio, 'get-models')}>
        {words.basicFacts.how}
      </Button>
      <Button small icon look="quiet" aria-label={words.common.dismiss} onClick={onDismiss}>
        <X size={14} aria-hidden />
      </Button>
    </div>
  )
}
