/** Review in a real browser, with the library in memory: keys of the user's own, commands by their words, what survives the window. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RendererHost, startRenderer, whyNoWindow } from '../helpers/renderer-page.ts'
import { noteSkip } from '../helpers/skips.ts'

const why = whyNoWindow()
if (why !== undefined) noteSkip('tests of the review screen', why)
const byId = (id: string) => `[data-testid=${id}]`
const photo = (id: number) => `${byId('review-photo')}[data-photo-id="${id}"]`
const chip = (kind: string) => `${byId('keyword-chip')}[data-kind=${kind}]`

describe.skipIf(why !== undefined)('review', () => {
  let host: RendererHost
  beforeAll(async () => {
    host = await startRenderer()
  })
  afterAll(() => host?.close())

  async function openReview(query = ''): Promise<Page> {
    const page = await host.open(`&photos=12${query}`)
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${photo(1)} img`)
    await page.waitForSelector(byId('keyword-chip'))
    return page
  }

  it('picks, rejects and takes back by the keys of the field, and goes on by itself though the list is filtered', async () => {
    const page = await host.open('&photos=12')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await page.click('.filter__states button:has-text("To review")')
    await page.waitForSelector(`.filter__states [aria-pressed=true]`)
    await page.focus(byId('grid'))
    await page.keyboard.press('Enter')
    await page.waitForSelector(byId('keyword-chip'))
    const shown = () => page.getAttribute(byId('review-photo'), 'data-photo-id')
    const first = await shown()
    await page.keyboard.press('p')
    await expect.poll(shown).not.toBe(first)
    const second = await shown()
    await page.waitForSelector(`${byId('approve-button')}:not([disabled])`)
    await page.keyboard.press('x')
    await expect.poll(shown).not.toBe(second)
    await page.keyboard.press('ArrowLeft')
    await page.waitForSelector(photo(Number(second)))
    await page.waitForSelector('.review__name:has-text("Rejected")')
    await page.keyboard.press('u')
    await page.waitForSelector('.review__name:has-text("To review")')
    expect(await shown()).toBe(second)
    await page.context().close()
  })

  it('takes all proposed keywords or none with one key, and one undo brings them back', async () => {
    const page = await openReview()
    const added = await page.locator(chip('added')).count()
    expect(added).toBeGreaterThan(2)
    await page.keyboard.press('Shift+X')
    await expect.poll(() => page.locator(chip('added')).count()).toBe(0)
    await page.keyboard.press('Control+z')
    await expect.poll(() => page.locator(chip('added')).count()).toBe(added)
    await page.keyboard.press('1')
    await page.keyboard.press('Shift+K')
    await expect.poll(() => page.locator(chip('added')).count()).toBe(added)
    await page.context().close()
  })

  it('answers a key in the very frame, however long the studio takes', async () => {
    const page = await openReview()
    const kind = await page.evaluate<string>(`(() => {
      window.dispatchEvent(new KeyboardEvent('keydown', { key: '1', cancelable: true }))
      return new Promise((resolve) => requestAnimationFrame(() => resolve(document.querySelector('[data-testid=keyword-chip] .chip__key').parentElement.dataset.kind)))
    })()`)
    expect(kind).toBe('rejected')
    await page.context().close()
  })

  it('finds a command by its words and does what its key does', async () => {
    const page = await openReview()
    await page.keyboard.press('Control+Shift+P')
    await page.waitForSelector(byId('palette-input'))
    await page.keyboard.type('reject all prop')
    await expect.poll(() => page.locator(byId('palette-command')).count()).toBe(1)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator(chip('added')).count()).toBe(0)
    expect(await page.locator('dialog').count()).toBe(0)
    await page.context().close()
  })

  it('loses no word that is being typed when the window is reloaded, nor the order of decisions', async () => {
    const page = await openReview()
    await page.keyboard.press('x')
    await page.waitForSelector(`${photo(2)} img`)
    await page.keyboard.press('e')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('Half a sent')
    await page.reload()
    await page.waitForSelector(photo(2))
    const editor = page.locator('textarea')
    expect(await editor.inputValue()).toBe('Half a sent')
    await editor.focus()
    await page.keyboard.type('ence')
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('field-title')}[data-status=edited]`)
    await page.keyboard.press('k')
    await page.keyboard.type('sea, sk')
    await page.reload()
    await page.waitForSelector(photo(2))
    expect(await page.inputValue(byId('keyword-input'))).toBe('sea, sk')
    await page.context().close()
  })

  it('asks another prompt for one field, shows both answers side by side and takes the earlier one back', async () => {
    const page = await openReview()
    const title = () => page.locator(byId('field-title')).innerText()
    const before = await title()
    await page.keyboard.press('r')
    await page.click('input[value=concise]')
    await page.click(byId('ask-again'))
    await expect.poll(title).not.toBe(before)
    await page.keyboard.press('c')
    await expect.poll(() => page.locator(byId('compare-column')).count()).toBe(2)
    await page.click('[aria-label^="Use this: Title"]')
    await page.waitForSelector(`${byId('field-title')}[data-status=accepted]`)
    expect(await title()).toContain('Two hikers')
    await page.keyboard.press('v')
    await page.waitForSelector(`${byId('saw')} img`)
    expect(await page.innerText(byId('saw'))).toContain('1024 × 683')
    await page.context().close()
  })

  it('adds a keyword to a whole selection after showing what changes, and one undo takes it from all', async () => {
    const page = await host.open('&photos=4')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await page.keyboard.press('Control+a')
    await page.keyboard.press('b')
    await page.waitForSelector(byId('bulk-text'))
    await page.keyboard.type('Westfjords, boat')
    await page.keyboard.press('Enter')
    await page.waitForSelector(`${byId('bulk-previews')} li >> nth=3`)
    expect(await page.innerText(byId('bulk-previews'))).toContain('Westfjords')
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog', { state: 'detached' })
    await page.focus(byId('grid'))
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    const word = `${byId('keyword-chip')}[data-keyword=Westfjords]`
    await page.waitForSelector(word)
    await page.keyboard.press('Control+z')
    await page.waitForSelector(word, { state: 'detached' })
    await page.keyboard.press('ArrowRight')
    await page.waitForSelector(`${photo(2)} img`)
    await page.waitForSelector(byId('keyword-chip'))
    expect(await page.locator(word).count()).toBe(0)
    await page.context().close()
  })

  it('zooms to the full size of the preview and back, from photo to photo', async () => {
    const page = await openReview()
    await page.keyboard.press('z')
    await page.waitForSelector('.review__photo--zoomed img')
    await page.keyboard.press('ArrowRight')
    await page.waitForSelector(`${photo(2)}.review__photo--zoomed`)
    await page.keyboard.press(' ')
    await page.waitForSelector('.review__photo--zoomed', { state: 'detached' })
    await page.context().close()
  })
})
