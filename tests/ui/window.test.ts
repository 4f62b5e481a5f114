/** The built window in a real browser, with the library in memory: the whole job by keyboard, and axe on every screen in both themes. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeSource, violations } from '../helpers/axe.ts'
import { type RendererHost, startRenderer, whyNoWindow } from '../helpers/renderer-page.ts'
import { noteSkip } from '../helpers/skips.ts'

const why = whyNoWindow()
if (why !== undefined) noteSkip('tests of the window', why)

const byId = (id: string) => `[data-testid=${id}]`

describe.skipIf(why !== undefined)('the window', () => {
  let host: RendererHost
  beforeAll(async () => {
    host = await startRenderer()
  })
  afterAll(() => host?.close())

  /** Opens a scene and fails on any error that the page reports, broken policy included. */
  async function open(query: string, options?: Parameters<RendererHost['open']>[1]): Promise<{ page: Page; errors: string[] }> {
    const page = await host.open(query, options)
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    return { page, errors }
  }

  it('does the whole job by keyboard: open, run, review, approve, write, journal, revert', async () => {
    const { page, errors } = await open('&scene=empty&photos=6')
    await page.waitForSelector(byId('choose-folder'))
    await page.focus(byId('choose-folder'))
    await page.keyboard.press('Enter')
    await page.waitForSelector(byId('folder-entry'))
    await page.focus(byId('folder-entry'))
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('add-folder')}:not([disabled])`)
    await page.focus(byId('add-folder'))
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    expect(await page.locator(byId('grid-cell')).count()).toBe(6)

    await page.keyboard.press('Control+a')
    await page.keyboard.press('t')
    await page.waitForSelector(`${byId('run-strip')}[data-run-state=done]`)
    await page.waitForSelector(`${byId('grid-cell')}[data-state=proposed] >> nth=5`)

    await page.keyboard.press('Escape')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="1"] img`)
    expect(await page.locator(byId('field-title')).innerText()).toContain('Proposed')
    await page.keyboard.press('2')
    await page.waitForSelector(`${byId('keyword-chip')}[data-kind=rejected]`)
    await page.keyboard.press('e')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('Written by hand, with a, x and w in it')
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('field-title')}[data-status=edited]`)
    await page.keyboard.press('a')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="2"]`)
    await page.keyboard.press('x')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="3"]`)
    await page.keyboard.press('Control+z')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="2"]`)
    for (const next of [3, 4]) {
      await page.waitForSelector(`${byId('approve-button')}:not([disabled])`)
      await page.keyboard.press('a')
      await page.waitForSelector(`${byId('review-photo')}[data-photo-id="${next}"]`)
    }

    await page.waitForSelector(`${byId('write-button')} >> text=/Save 3 approved/`)
    await page.keyboard.press('w')
    await page.waitForSelector(`${byId('plan-list')}[data-count="3"]`)
    expect(await page.locator(byId('plan')).first().innerText()).toContain('Written by hand')
    await page.keyboard.press('Enter')
    await page.waitForSelector(byId('outcome-list'))
    expect(await page.locator('[data-outcome=written]').count()).toBe(3)
    await page.keyboard.press('Enter')
    await page.waitForSelector(byId('journal-row'))
    expect(await page.locator(byId('journal-row')).count()).toBe(3)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press(' ')
    await page.keyboard.press('r')
    await page.waitForSelector(byId('confirm-revert'))
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('journal-row')}[data-state=reverted]`)
    expect(await page.locator(`${byId('journal-row')}[data-state=reverted]`).count()).toBe(1)
    expect(errors).toEqual([])
    await page.context().close()
  })

  it('keeps the keyboard inside a dialog, closes it with Esc, and gives the focus back', async () => {
    const { page } = await open('')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await page.focus(byId('grid'))
    await page.keyboard.press('?')
    await page.waitForSelector('dialog[open]')
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press('Tab')
      // Leaving to the browser's own controls is allowed; landing behind the dialog is not.
      expect(await page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")).toBe(true)
    }
    await page.keyboard.press('Escape')
    await page.waitForSelector('dialog[open]', { state: 'detached' })
    expect(await page.evaluate("document.activeElement.getAttribute('data-testid')")).toBe('grid')
    await page.context().close()
  })

  it('comes back to the same photo of the same review after a reload', async () => {
    const { page } = await open('')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="1"]`)
    await page.keyboard.press('s')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="2"] img`)
    await page.reload()
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="2"] img`)
    await page.keyboard.press('s')
    await page.waitForSelector(`${byId('review-photo')}[data-photo-id="3"]`)
    await page.context().close()
  })

  it('explains a drop on a browser page and opens the folder picker; takes it where the host admits files', async () => {
    const drop = async (page: Page) => {
      const data = await page.evaluateHandle(
        "(() => { const transfer = new DataTransfer(); transfer.items.add(new File(['x'], 'photo.jpg')); return transfer })()",
      )
      await page.dispatchEvent(byId('drop-zone'), 'drop', { dataTransfer: data })
    }
    const browser = await open('&scene=empty')
    await browser.page.waitForSelector(byId('drop-zone'))
    await drop(browser.page)
    await browser.page.waitForSelector(`${byId('folder-picker')} .note`)
    await browser.page.context().close()
    const electron = await open('&scene=empty&admits=yes')
    await electron.page.waitForSelector(byId('drop-zone'))
    await drop(electron.page)
    await electron.page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await electron.page.context().close()
  })

  it('holds a few screens of cells in the page, however long the list, and reuses them when it scrolls', async () => {
    const { page } = await open('&photos=20000')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    const rows = await page.locator('.grid__row').count()
    await page.evaluate("document.querySelector('.grid__row').setAttribute('data-mark', 'kept')")
    await page.locator(byId('grid')).evaluate((grid) => grid.scrollTo(0, (grid.scrollHeight * 5000) / 20000))
    await page.waitForSelector(`${byId('grid-cell')}[data-position="5000"][data-photo-id]`)
    expect(await page.locator('.grid__row').count()).toBe(rows)
    expect(await page.locator('.grid__row[data-mark=kept]').count()).toBe(1)
    expect(await page.locator(byId('grid-cell')).count()).toBeLessThan(90)
    await page.context().close()
  })

  describe('axe, dark and light', () => {
    const screens: [string, string, (page: Page) => Promise<unknown>][] = [
      ['empty library', '&scene=empty', (page) => page.waitForSelector(byId('choose-folder'))],
      ['folder picker', '&scene=empty', (page) => page.click(byId('choose-folder')).then(() => page.waitForSelector(byId('folder-entry')))],
      ['library', '', (page) => page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`).then(() => page.keyboard.press('Control+a'))],
      ['failing library', '&scene=failing', (page) => page.waitForSelector('.cell__broken')],
      ['failures', '&scene=failing', (page) => page.click('.strip__failed').then(() => page.waitForSelector('.rows__row'))],
      [
        'loupe',
        '',
        (page) =>
          page
            .waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
            .then(() => page.keyboard.press(' '))
            .then(() => page.waitForSelector(byId('loupe'))),
      ],
      ['review', '#/review/1', (page) => page.waitForSelector(byId('keyword-chip')).then(() => page.keyboard.press('i'))],
      ['gated review', '#/review/6', (page) => page.waitForSelector('.field__gate').then(() => page.keyboard.press('e'))],
      ['plans', '', (page) => page.click(`${byId('write-button')}:not([disabled])`).then(() => page.waitForSelector(byId('plan')))],
      [
        'journal',
        '',
        (page) =>
          page
            .click(`${byId('write-button')}:not([disabled])`)
            .then(() => page.click(`${byId('confirm-write')}:not([disabled])`))
            .then(() => page.click(byId('to-journal')))
            .then(() => page.waitForSelector(byId('journal-row'))),
      ],
      ['empty journal', '#/journal', (page) => page.waitForSelector('.journal__empty')],
      ['models', '#/models', (page) => page.waitForSelector('tbody tr')],
      ['settings', '#/settings', (page) => page.waitForSelector('.setting')],
      ['doctor', '#/doctor', (page) => page.waitForSelector('.doctor__check')],
      [
        'keys',
        '',
        (page) =>
          page
            .waitForSelector(byId('profile-select'))
            .then(() => page.keyboard.press('?'))
            .then(() => page.waitForSelector('dialog[open]')),
      ],
      ['profiles', '', (page) => page.click(byId('profile-select')).then(() => page.waitForSelector(byId('profile-option')))],
      ['roles', '', (page) => page.click(byId('roles-select')).then(() => page.waitForSelector('.roles__role'))],
    ]
    it.each(screens)('%s', async (_, query, act) => {
      const { page, errors } = await open(query, { theme: 'dark', script: axeSource })
      await act(page)
      // The system's theme changes under the open screen: reaching it twice would cost more than looking at it.
      const grounds = new Set<string>()
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        grounds.add(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
        expect(await violations(page), colorScheme).toEqual([])
      }
      expect(grounds.size).toBe(2)
      expect(errors).toEqual([])
      await page.context().close()
    })
  })
})
