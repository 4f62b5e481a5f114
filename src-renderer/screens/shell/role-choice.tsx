import { words } from '../../copy/words.ts'
import { formatMegabytes } from '../../copy/format.ts'
import { Button } from '../../parts/button.tsx'
import { Option, Popover } from '../../parts/popover.tsx'
import { chooseModel } from '../../state/model-actions.ts'
import { findActiveModel, onlyBasicFacts, ROLES, type RoleSelection } from '../../state/models-slice.ts'
import { openDialog } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import type { ModelSummary, Stage } from '../../../src-main/contract/model.ts'

const nameOf = (list: readonly ModelSummary[] | null, name: string) => list?.find((model) => model.name === name)?.displayName ?? name

export function RoleChoice() {
  const studio = useStudio()
  const selections = useStudioState((state) => state.models.selections)
  const list = useStudioState((state) => state.models.list)
  const names = new Set(ROLES.map((role) => findActiveModel(selections[role])?.name).filter((name) => name !== undefined))
  const basic = onlyBasicFacts(selections)
  const only = [...names][0]
  const value =
    names.size > 1
      ? words.top.mixed
      : only === undefined
        ? Object.keys(selections).length === 0
          ? '…'
          : words.top.noModel
        : basic
          ? words.models.embeddedName
          : nameOf(list, only)
  return (
    <Popover label={words.top.wordsBy} value={value} testId="roles-select" widthPx={420}>
      <p className="popover__help">{words.top.rolesTitle}</p>
      {ROLES.map((role) => {
        const selection = selections[role]
        return selection && <Role key={role} role={role} selection={selection} list={list} />
      })}
      <div className="roles__foot">
        {basic && (
          <p className="soft">
            {words.basicFacts.title} {words.basicFacts.text}
          </p>
        )}
        <Button small onClick={() => openDialog(studio, 'get-models')}>
          {basic ? words.basicFacts.how : words.models.add}
        </Button>
      </div>
    </Popover>
  )
}

function Role({ role, selection, list }: { role: Stage; selection: RoleSelection; list: readonly ModelSummary[] | null }) {
  const studio = useStudio()
  const first = selection.models[0]
  return (
    <fieldset className="roles__role">
      <legend>{words.roles[role]}</legend>
      <Option
        name={`role-${role}`}
        value=""
        checked={selection.chosen === null}
        onChoose={() => void chooseModel(studio, role, null)}
        title={words.top.automatic}
        detail={first && words.top.automaticHelp(nameOf(list, first.name))}
      />
      {selection.models.map((model) => (
        <Option
          key={model.name}
          name={`role-${role}`}
          value={model.name}
          checked={selection.chosen === model.name}
          onChoose={() => void chooseModel(studio, role, model.name)}
          title={nameOf(list, model.name)}
          tag={model.backend === 'remote' && <span className="tag tag--warn">{words.top.remote}</span>}
          detail={[...(model.vram_estimate_mb ? [formatMegabytes(model.vram_estimate_mb)] : []), ...model.reasons].join(' · ')}
        />
      ))}
      {selection.rejected.length > 0 && (
        <details className="roles__rejected">
          <summary>{words.top.rejected(selection.rejected.length)}</summary>
          <ul>
            {selection.rejected.map((model) => (
              <li key={model.name}>
                {nameOf(list, model.name)}: <span className="soft">{model.reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </fieldset>
  )
}
