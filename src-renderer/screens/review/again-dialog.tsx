import { useState } from 'react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Option } from '../../parts/popover.tsx'
import { askAgain } from '../../state/answer-actions.ts'
import { findActiveModel, ROLES } from '../../state/models-slice.ts'
import { closeDialog } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** One field of this photo asked once more: which field, which model, which prompt. */
export function AgainDialog() {
  const studio = useStudio()
  const [stage, setStage] = useState(useStudioState((state) => state.review.againStage))
  const selection = useStudioState((state) => state.models.selections[stage])
  const list = useStudioState((state) => state.models.list)
  const prompts = useStudioState((state) => state.review.prompts)
  const [chosen, setChosen] = useState<string | null>(null)
  const [prompt, setPrompt] = useState<string | null>(null)
  const models = selection?.models ?? []
  const model = models.find((each) => each.name === chosen)?.name ?? findActiveModel(selection)?.name
  const promptName = prompt ?? prompts[0]
  const go = () => {
    if (model !== undefined) void askAgain(studio, stage, model, promptName)
  }
  return (
    <Dialog
      title={words.review.again}
      onClose={() => closeDialog(studio)}
      onEnter={go}
      widthPx={520}
      foot={
        <>
          <span className="spread" />
          <Button onClick={() => closeDialog(studio)}>{words.common.cancel}</Button>
          <Button look="primary" data-testid="ask-again" data-takes-focus disabled={model === undefined} onClick={go}>
            {words.review.ask}
          </Button>
        </>
      }
    >
      <fieldset className="roles__role">
        <legend>{words.review.againField}</legend>
        {ROLES.map((role) => (
          <Option key={role} name="again-stage" value={role} checked={role === stage} onChoose={() => setStage(role)} title={words.roles[role]} />
        ))}
      </fieldset>
      <fieldset className="roles__role">
        <legend>{words.review.model}</legend>
        {models.length === 0 && <p className="soft">{words.top.noModel}</p>}
        {models.map((each) => (
          <Option
            key={each.name}
            name="again-model"
            value={each.name}
            checked={each.name === model}
            onChoose={() => setChosen(each.name)}
            title={list?.find((known) => known.name === each.name)?.displayName ?? each.name}
            detail={each.reasons.join(' · ')}
          />
        ))}
      </fieldset>
      <fieldset className="roles__role">
        <legend>{words.review.prompt}</legend>
        {prompts.map((name) => (
          <Option key={name} name="again-prompt" value={name} checked={name === promptName} onChoose={() => setPrompt(name)} title={name} />
        ))}
      </fieldset>
    </Dialog>
  )
}
