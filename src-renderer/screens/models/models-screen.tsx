import { Plus, Trash2 } from 'lucide-react'
import { formatMegabytes } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { removeServer } from '../../state/model-actions.ts'
import { showModel } from '../../state/serving-actions.ts'
import { openDialog } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { ROLES } from '../../state/models-slice.ts'
import type { ModelSummary, Stage } from '../../../src-main/contract/model.ts'
import { ModelDialog } from './model-dialog.tsx'
import './models.css'

const TONES: Record<ModelSummary['state'], string> = {
  ready: 'tag tag--good',
  loading: 'tag tag--warn',
  available: 'tag',
  failed: 'tag tag--bad',
  'not-installed': 'tag',
  unreachable: 'tag tag--bad',
  deprecated: 'tag tag--warn',
}

const nameOfRole = (role: string) => ((ROLES as readonly string[]).includes(role) ? words.roles[role as Stage].toLowerCase() : role)

export function ModelsScreen() {
  const studio = useStudio()
  const list = useStudioState((state) => state.models.list)
  return (
    <div className="page scrolls" tabIndex={0} role="region" aria-label={words.models.title}>
      <div className="page__inner">
        <header className="page__head">
          <div>
            <h2>{words.models.title}</h2>
            <p>{words.models.help}</p>
          </div>
          <Button onClick={() => openDialog(studio, 'get-models')}>
            <Plus size={15} aria-hidden />
            {words.models.add}
          </Button>
        </header>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{words.models.name}</th>
              <th scope="col">{words.models.state}</th>
              <th scope="col">{words.models.runsOn}</th>
              <th scope="col">{words.models.memory}</th>
              <th scope="col">{words.models.tasks}</th>
              <th>
                <span className="visually-hidden">{words.models.remove}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list?.map((model) => (
              <tr key={model.name}>
                <th scope="row">
                  {model.displayName}
                  <span className="table__sub">
                    {model.name}
                    {model.quantization === null ? '' : ` · ${model.quantization}`}
                  </span>
                </th>
                <td>
                  <span className={TONES[model.state]}>{words.modelStates[model.state]}</span>
                  {model.stateReason !== null && <span className="table__sub">{model.stateReason}</span>}
                </td>
                <td>
                  {words.backends[model.backend]}
                  <span className="table__sub">{model.remote ? words.models.remote : words.models.local}</span>
                </td>
                <td>{model.vramEstimateMb ? formatMegabytes(model.vramEstimateMb) : <span className="faint">–</span>}</td>
                <td className="soft">{model.roles.map((role) => nameOfRole(role)).join(', ')}</td>
                <td>
                  {!model.remote && (
                    <Button
                      small
                      data-testid="model-more"
                      aria-label={`${words.serving.details}: ${model.displayName}`}
                      onClick={() => void showModel(studio, model.name)}
                    >
                      {words.serving.details}
                    </Button>
                  )}
                  {model.removable && (
                    <Button
                      small
                      icon
                      look="quiet"
                      aria-label={`${words.models.remove}: ${model.displayName}`}
                      onClick={() => void removeServer(studio, model.name)}
                    >
                      <Trash2 size={14} aria-hidden />
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <ModelDialog />
      </div>
    </div>
  )
}
