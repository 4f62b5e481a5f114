import { describe, expect, it } from 'vitest'
import { ERROR_CODES, GATES } from '../../../src-main/contract/errors/index.ts'
import { DEFAULT_SETTINGS, settingsSchema } from '../../../src-main/contract/settings.ts'
import { KEY_WORDS } from '../../../src-renderer/copy/en/keys.ts'
import { SETTING_WORDS } from '../../../src-renderer/copy/en/settings.ts'
import { explainProblem, problemLine } from '../../../src-renderer/copy/errors.ts'
import { formatBytes, formatTimeLeft, photos, unitFor } from '../../../src-renderer/copy/format.ts'
import { explainGate } from '../../../src-renderer/copy/gates.ts'
import { KEYMAP } from '../../../src-renderer/state/keymap.ts'
import { parseNumberSetting, SETTING_CONTROLS } from '../../../src-renderer/state/settings-view.ts'

describe('sentences for problems', () => {
  it.each(ERROR_CODES)('%s reads as whole sentences without data and without gaps', (code) => {
    const { what, safe, next } = explainProblem({ code, message: 'log text', data: {} })
    expect(what).toMatch(/^\S.*[.?]$/)
    for (const sentence of [what, safe, next]) {
      expect(sentence).not.toMatch(/undefined|\[object|null| {2}| \./)
      expect(sentence === '' || /[.?]$/.test(sentence)).toBe(true)
    }
  })

  it('puts the name of the file into the sentence', () => {
    expect(problemLine({ code: 'file-read-only', message: '', data: { path: '/photos/été.jpg' } })).toContain('/photos/été.jpg is read-only')
  })

  it('shows the message of a code it does not know instead of swallowing it', () => {
    expect(explainProblem({ code: 'from-the-future', message: 'Something new.' }).what).toBe('Something new.')
    expect(explainGate('from-the-future')).toBe('from-the-future')
  })

  it.each(GATES)('gate %s has a sentence', (gate) => {
    expect(explainGate(gate)).toMatch(/^[A-Z].*\.$/)
  })
})

describe('settings', () => {
  it('shows every setting of the contract with its true default', () => {
    const defaults = Object.fromEntries(Object.entries(SETTING_CONTROLS).map(([name, control]) => [name, control.fallback]))
    expect(defaults).toEqual(DEFAULT_SETTINGS)
    expect(Object.keys(SETTING_WORDS).sort()).toEqual(Object.keys(DEFAULT_SETTINGS).sort())
  })

  it('offers exactly the range that the contract accepts', () => {
    for (const [name, control] of Object.entries(SETTING_CONTROLS)) {
      if (control.kind !== 'number') continue
      const accepts = (value: number) => settingsSchema.safeParse({ ...DEFAULT_SETTINGS, [name]: value }).success
      expect([name, accepts(control.min), accepts(control.min - 1), accepts(control.max), accepts(control.max + 1)]).toEqual([
        name,
        true,
        false,
        true,
        false,
      ])
    }
  })

  it('takes whole numbers inside the range and nothing else', () => {
    const range = { min: 1, max: 32 }
    expect(['8', ' 8 ', '0', '33', '', '1.5', '1e1', '-2'].map((text) => parseNumberSetting(text, range))).toEqual([
      8,
      8,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('key map', () => {
  it('says what each key does, and nothing about keys that are gone', () => {
    const actions = new Set(Object.values(KEYMAP).flatMap((group) => Object.keys(group)))
    expect(Object.keys(KEY_WORDS).sort()).toEqual([...actions].sort())
  })
})

describe('numbers for people', () => {
  it('counts one photo as one', () => {
    expect([photos(0), photos(1), photos(1204)]).toEqual(['0 photos', '1 photo', '1,204 photos'])
  })

  it('says one turn, two turns, and leaves units without a plural alone', () => {
    expect([unitFor(1, 'turns'), unitFor(2, 'turns'), unitFor(1, 'MiB'), unitFor(1, ''), unitFor('1', 'turns')]).toEqual([
      'turn',
      'turns',
      'MiB',
      '',
      'turns',
    ])
  })

  it('never says "0 min" or "1 h 0 min"', () => {
    expect([20_000, 90_000, 3_600_000, 7_800_000].map(formatTimeLeft)).toEqual(['less than a minute', 'about 2 min', 'about 1 h', 'about 2 h 10 min'])
  })

  it('scales bytes', () => {
    expect([12, 1500, 8_400_000, 2_500_000_000].map(formatBytes)).toEqual(['12 B', '2 kB', '8.4 MB', '2.5 GB'])
  })
})
