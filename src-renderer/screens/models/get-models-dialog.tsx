import { type FormEvent, useEffect, useState } from 'react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Note } from '../../parts/problem-note.tsx'
import { discover, isLocalAddress, ollamaAddress, addServer } from '../../state/model-actions.ts'
import { ROLES } from '../../state/models-slice.ts'
import { closeDialog } from '../../state/navigation.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** The ways to a vision-language model: Ollama with one click, or any OpenAI-compatible server. */
export function GetModelsDialog() {
  const studio = useStudio()
  const [done, setDone] = useState(false)
  useEffect(() => void discover(studio), [studio])
  return (
    <Dialog title={words.getModels.title} onClose={() => closeDialog(studio)} widthPx={600}>
      <div className="get">
        <p className="soft">{words.getModels.intro}</p>
        {done && <Note tone="good">{words.getModels.done}</Note>}
        <Ollama onDone={() => setDone(true)} />
        <Server onDone={() => setDone(true)} />
      </div>
    </Dialog>
  )
}

function Ollama({ onDone }: { onDone: () => void }) {
  const studio = useStudio()
  const discovered = useStudioState((state) => state.models.discovered)
  const busy = useStudioState((state) => state.models.discovering || state.models.adding)
  const ollama = discovered?.ollama
  const use = async (model: string) => {
    if (!ollama) return
    const endpoint = {
      name: `ollama-${model}`.slice(0, 80),
      baseUrl: ollamaAddress(ollama.baseUrl),
      servedModelId: model,
      roles: [...ROLES],
      consent: false,
    }
    if (await addServer(studio, endpoint)) onDone()
  }
  return (
    <section aria-labelledby="get-ollama">
      <h3 id="get-ollama">{words.getModels.ollama}</h3>
      {!ollama ? (
        <p className="soft">{words.getModels.looking}</p>
      ) : ollama.running && ollama.visionModels.length > 0 ? (
        <>
          <p>{words.getModels.found}</p>
          <div className="get__models">
            {ollama.visionModels.map((model) => (
              <Button key={model} disabled={busy} data-testid="use-ollama" onClick={() => void use(model)}>
                {words.getModels.use(model)}
              </Button>
            ))}
          </div>
        </>
      ) : (
        <>
          <p>{ollama.running ? words.getModels.noVision : words.getModels.notFound}</p>
          <code className="get__command">{words.getModels.command}</code>
          <div>
            <Button small disabled={busy} onClick={() => void discover(studio)}>
              {words.getModels.again}
            </Button>
          </div>
        </>
      )}
    </section>
  )
}

function Server({ onDone }: { onDone: () => void }) {
  const studio = useStudio()
  const busy = useStudioState((state) => state.models.adding)
  const [name, setName] = useState('')
  const [baseUrl, setBaseUrl] = useState('')
  const [servedModelId, setServedModelId] = useState('')
  const [consent, setConsent] = useState(false)
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).host : ''
  const remote = host !== '' && !isLocalAddress(baseUrl)
  const ready = name.trim() !== '' && host !== '' && servedModelId.trim() !== '' && (!remote || consent)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const endpoint = {
      name: name.trim(),
      baseUrl: baseUrl.trim(),
      servedModelId: servedModelId.trim(),
      roles: [...ROLES],
      consent: remote && consent,
    }
    if (ready && (await addServer(studio, endpoint))) onDone()
  }
  return (
    <section aria-labelledby="get-server">
      <h3 id="get-server">{words.getModels.server}</h3>
      <p className="soft">{words.getModels.serverHelp}</p>
      <form className="get__form" onSubmit={(event) => void submit(event)}>
        <label className="get__wide">
          {words.getModels.url}
          <input
            type="url"
            className="field-input"
            placeholder={words.getModels.urlHint}
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        </label>
        <label>
          {words.getModels.model}
          <input
            type="text"
            className="field-input"
            spellCheck={false}
            value={servedModelId}
            onChange={(event) => setServedModelId(event.target.value)}
          />
        </label>
        <label>
          {words.getModels.name}
          <input type="text" className="field-input" value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
        </label>
        {remote && (
          <label className="check get__wide">
            <input type="checkbox" checked={consent} onChange={(event) => setConsent(event.target.checked)} />
            {words.getModels.consent(host)}
          </label>
        )}
        <Button type="submit" className="get__wide" disabled={!ready || busy}>
          {words.getModels.add}
        </Button>
      </form>
    </section>
  )
}
