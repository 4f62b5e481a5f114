import { useState } from 'react'
import type { Settings } from '../../../src-main/contract/settings.ts'
import { PRESET_SENTENCES } from '../../copy/en/presets.ts'
import { SETTING_WORDS } from '../../copy/en/settings.ts'
import { unitFor } from '../../copy/format.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { saveSettings } from '../../state/app-actions.ts'
import { parseLinesSetting, parseNumberSetting, parseWordsSetting, SETTING_CONTROLS } from '../../state/settings-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import './settings.css'

type Name = keyof typeof SETTING_CONTROLS
const NAMES = Object.keys(SETTING_CONTROLS) as Name[]

function shownValue(name: Name, value: Readonly<Settings[Name]>): string {
  if (typeof value === 'boolean') return value ? words.settings.on : words.settings.off
  if (Array.isArray(value)) return value.map((item) => optionLabel(name, item)).join(', ') || words.settings.noneOfThese
  return typeof value === 'string' ? optionLabel(name, value) : String(value)
}

const optionLabel = (name: Name, option: string): string => SETTING_WORDS[name].options?.[option] ?? option

export function SettingsScreen() {
  const settings = useStudioState((state) => state.app.settings)
  const info = useStudioState((state) => state.app.info)
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const shown = NAMES.filter((name) => `${SETTING_WORDS[name].label} ${SETTING_WORDS[name].sentence}`.toLowerCase().includes(wanted))
  return (
    <div className="page scrolls" tabIndex={0} role="region" aria-label={words.settings.title}>
      <div className="page__inner settings">
        <header className="page__head">
          <div>
            <h2>{words.settings.title}</h2>
          </div>
          <input
            type="search"
            className="field-input"
            aria-label={words.settings.search}
            placeholder={words.settings.search}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </header>
        {settings && shown.map((name) => <Setting key={name} name={name} value={settings[name]} />)}
        {shown.length === 0 && <p className="soft">{words.settings.none}</p>}
        {info && <p className="faint settings__about">{words.settings.about(info.version, info.dataFolder)}</p>}
      </div>
    </div>
  )
}

function Setting({ name, value }: { name: Name; value: Settings[Name] }) {
  const studio = useStudio()
  const { label, sentence, unit } = SETTING_WORDS[name]
  const { fallback } = SETTING_CONTROLS[name]
  const save = (next: Settings[Name]) => void saveSettings(studio, { [name]: next })
  return (
    <div className="setting">
      <div>
        <label className="setting__label" htmlFor={`setting-${name}`}>
          {label}
        </label>
        <p className="soft">{sentence}</p>
        {name === 'metadataPreset' && <p className="soft">{PRESET_SENTENCES[value as Settings['metadataPreset']]}</p>}
        <p className="faint setting__default">
          {words.settings.default(`${shownValue(name, fallback)} ${unitFor(fallback, unit)}`.trim())}
          {String(value) !== String(fallback) && (
            <button
              type="button"
              className="link"
              aria-label={`${words.settings.reset}: ${label}`}
              onClick={() => save((Array.isArray(fallback) ? [...fallback] : fallback) as Settings[Name])}
            >
              {words.settings.reset}
            </button>
          )}
        </p>
      </div>
      <SettingControl name={name} value={value} unit={unit} onSave={save} />
    </div>
  )
}

function SettingControl({ name, value, unit, onSave }: { name: Name; value: Settings[Name]; unit: string; onSave: (next: Settings[Name]) => void }) {
  const control = SETTING_CONTROLS[name]
  const id = `setting-${name}`
  if (control.kind === 'choice') {
    return (
      <div className="segments" role="group" aria-label={SETTING_WORDS[name].label} id={id}>
        {control.options.map((option) => (
          <Button key={option} small look="quiet" aria-pressed={value === option} onClick={() => onSave(option)}>
            {optionLabel(name, option)}
          </Button>
        ))}
      </div>
    )
  }
  if (control.kind === 'several') {
    const chosen = value as readonly string[]
    const toggled = (option: string) => control.options.filter((each) => (each === option ? !chosen.includes(each) : chosen.includes(each)))
    return (
      <div className="segments" role="group" aria-label={SETTING_WORDS[name].label} id={id}>
        {control.options.map((option) => (
          <Button key={option} small look="quiet" aria-pressed={chosen.includes(option)} onClick={() => onSave(toggled(option))}>
            {optionLabel(name, option)}
          </Button>
        ))}
      </div>
    )
  }
  if (control.kind === 'words') return <WordsControl key={String(value)} id={id} value={value as readonly string[]} onSave={onSave} />
  if (control.kind === 'lines') return <LinesControl key={String(value)} id={id} value={value as readonly string[]} onSave={onSave} />
  if (control.kind === 'switch')
    return <input id={id} type="checkbox" className="switch" checked={value === true} onChange={(event) => onSave(event.target.checked)} />
  return <NumberControl key={String(value)} id={id} value={Number(value)} unit={unit} min={control.min} max={control.max} onSave={onSave} />
}

/** A list of words, saved when the field is left or Enter is pressed. */
function WordsControl({ id, value, onSave }: { id: string; value: readonly string[]; onSave: (next: string[]) => void }) {
  const [text, setText] = useState(value.join(', '))
  const commit = () => {
    const next = parseWordsSetting(text)
    if (next.join() !== value.join()) onSave(next)
  }
  return (
    <input
      id={id}
      className="field-input"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
    />
  )
}

/** A list with one entry a line, saved when the field is left. */
function LinesControl({ id, value, onSave }: { id: string; value: readonly string[]; onSave: (next: string[]) => void }) {
  const [text, setText] = useState(value.join('\n'))
  const commit = () => {
    const next = parseLinesSetting(text)
    if (next.join('\n') !== value.join('\n')) onSave(next)
  }
  return (
    <textarea
      id={id}
      className="field-input"
      rows={Math.min(6, Math.max(2, value.length + 1))}
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
    />
  )
}

interface NumberControlProps {
  id: string
  value: number
  unit: string
  min: number
  max: number
  onSave: (next: number) => void
}

/** Saved when the field is left or Enter is pressed; a number outside the range goes back to what it was. */
function NumberControl({ id, value, unit, min, max, onSave }: NumberControlProps) {
  const [text, setText] = useState(String(value))
  const parsed = parseNumberSetting(text, { min, max })
  const commit = () => {
    if (parsed === undefined) setText(String(value))
    else if (parsed !== value) onSave(parsed)
  }
  return (
    <span className="setting__number">
      <input
        id={id}
        className="field-input"
        inputMode="numeric"
        aria-invalid={parsed === undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
      />
      <span className="faint">{unitFor(value, unit)}</span>
    </span>
  )
}
