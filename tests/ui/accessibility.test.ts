/** What a screen reader and a keyboard meet: axe on the views of review, its tree, the order of focus, 200 % zoom, no trap. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeSource, violations } from '../helpers/axe.ts'
import { type RendererHost, startRenderer, whyNoWindow } from '../helpers/renderer-page.ts'
import { noteSkip } from '../helpers/skips.ts'

const why = whyNoWindow()
if (why !== undefined) noteSkip('tests of accessibility', why)
const byId = (id: string) => `[data-testid=${id}]`
const SNAPSHOT = path.join(import.meta.dirname, 'snapshots', 'review.aria.txt')

describe.skipIf(why !== undefined)('accessibility', () => {
  let host: RendererHost
  beforeAll(async () => {
    host = await startRenderer()
  })
  afterAll(() => host?.close())

  const review = async (options: Parameters<RendererHost['open']>[1] = {}): Promise<Page> => {
    const page = await host.open('#/review/1', options)
    await page.waitForSelector(byId('keyword-chip'))
    return page
  }

  it.each(['dark', 'light'] as const)('axe finds nothing in the views and dialogs of review, %s', async (theme) => {
    const page = await review({ theme, script: axeSource })
    for (const [key, shown] of [
      ['v', byId('saw')],
      ['c', byId('compare')],
      ['z', byId('compare')],
      ['k', byId('keyword-input')],
      ['Escape', byId('keyword-chip')],
      ['r', byId('ask-again')],
      ['Escape', byId('keyword-chip')],
      ['Control+Shift+P', byId('palette-input')],
    ] as const) {
      await page.keyboard.press(key)
      await page.waitForSelector(shown)
      expect([key, await violations(page)]).toEqual([key, []])
    }
    await page.context().close()
  })

  it('reads review to a screen reader as it is written down', async () => {
    const page = await review()
    const tree = await page.locator('main').ariaSnapshot()
    if (process.env['UPDATE_SNAPSHOTS'] === '1') writeFileSync(SNAPSHOT, `${tree}\n`)
    expect(`${tree}\n`).toBe(readFileSync(SNAPSHOT, 'utf8'))
    await page.context().close()
  })

  it('leads the keyboard through review in the order of the screen, and out of it again', async () => {
    const page = await review()
    const seen: string[] = []
    for (let step = 0; step < 80; step += 1) {
      await page.keyboard.press('Tab')
      const name = await page.evaluate<string>(
        "document.activeElement === document.body ? '' : document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
      )
      if (seen[0] === name || name === '') break
      seen.push(name)
    }
    const places = ['Accept: Title', 'Accept: Description', 'Reject all proposed keywords', 'Edit: Alt text', 'Approve'].map((wanted) =>
      seen.findIndex((name) => name.startsWith(wanted)),
    )
    expect(places.every((at) => at >= 0)).toBe(true)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(seen.length).toBeLessThan(79)
    await page.context().close()
  })

  it('loses nothing at 200 % zoom: every control can be brought on the screen', async () => {
    const page = await review({ width: 720, height: 450 })
    const lost = await page.evaluate<string[]>(`(() => {
      const lost = []
      for (const control of document.querySelectorAll('main button, main summary, main [tabindex="0"]')) {
        control.scrollIntoView({ block: 'nearest', inline: 'nearest' })
        const { left, right, top, bottom, width } = control.getBoundingClientRect()
        const outside = right < 1 || left > innerWidth - 1 || bottom < 1 || top > innerHeight - 1
        if (width === 0 || outside) lost.push(control.getAttribute('aria-label') ?? control.textContent)
      }
      return lost
    })()`)
    expect(lost).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await page.context().close()
  })

  it('says what a key did to whoever cannot see it', async () => {
    const page = await host.open('&photos=6')
    await page.waitForSelector(`${byId('grid-cell')}[data-photo-id]`)
    await page.keyboard.press('Enter')
    await page.waitForSelector(byId('keyword-chip'))
    await page.keyboard.press('a')
    await page.waitForSelector('[role=status]:has-text("approved.")', { state: 'attached' })
    await page.keyboard.press('Control+z')
    await page.waitForSelector('[role=status]:has-text("Undone on")', { state: 'attached' })
    await page.context().close()
  })
})
