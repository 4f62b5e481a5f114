import { type Settings, settingsSchema } from '../contract/settings.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type Connection, fromJson, toJson } from './connection.ts'

export interface SettingsStore {
  /** Any JSON value kept under a key, else undefined. A value that cannot be read counts as missing. */
  find(key: string): unknown
  put(key: string, value: unknown): void
  /** Every setting; one that is missing or out of range has its default, the others keep theirs. */
  readSettings(): Settings
  /** @throws StudioError `invalid-request` when a value is out of range or a key unknown; then nothing is stored. */
  writeSettings(patch: Partial<Settings>): Settings
}

const PREFIX = 'settings.'

export function createSettingsStore(connection: Connection): SettingsStore {
  const find = (key: string): unknown => {
    const row = connection.get<{ value: string }>('SELECT value FROM settings WHERE key = ?', key)
    if (!row) return undefined
    try {
      return fromJson<unknown>(row.value)
    } catch {
      return undefined
    }
  }
  const putRow = (key: string, value: unknown) =>
    connection.run('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, toJson(value))

  /** The data folder belongs to this studio alone, so nobody else changes them; they are read for every request. */
  let held: Settings | null = null
  const readSettings = (): Settings => {
    held ??= Object.fromEntries(
      Object.entries(settingsSchema.shape).map(([key, schema]) => {
        const stored = schema.safeParse(find(PREFIX + key))
        return [key, stored.success ? stored.data : schema.parse(undefined)]
      }),
    ) as Settings
    return held
  }

  return {
    find,
    put(key, value) {
      held = null
      connection.transaction('crash-safe', () => void putRow(key, value))
    },
    readSettings,
    writeSettings(patch) {
      const given = Object.entries(patch).filter(([, value]) => value !== undefined)
      const checked = given.map(([key, value]) => {
        const schema = (settingsSchema.shape as Record<string, (typeof settingsSchema.shape)[keyof Settings]>)[key]
        const parsed = schema?.safeParse(value)
        if (!parsed?.success) throw new StudioError('invalid-request', `setting ${key} does not accept this value`, { data: { key } })
        return [key, parsed.data] as const
      })
      held = null
      connection.transaction('crash-safe', () => {
        for (const [key, value] of checked) putRow(PREFIX + key, value)
      })
      return readSettings()
    },
  }
}
